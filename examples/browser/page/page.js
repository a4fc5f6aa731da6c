// The tokens are in cookies that this script cannot read. It learns what it has to know from the answers:
//
// - 401: the access token has expired, or there is none. Refresh once and try again; if that is 401 too, show the login.
// - The WebSocket closes with 4401: its token has expired. Refresh and connect again.
"use strict";

const EXPIRED = 4401;
const RELOAD_EVERY = 3000;
const RECONNECT_AFTER = 1000;
const element = (id) => document.getElementById(id);

let socket = null;
let refreshing = null;
// The other tabs, with which this one shares the cookies.
const tabs = new BroadcastChannel("session");
let refreshedElsewhere = -1;
let connections = 0;

function show(user, status) {
  element("login").hidden = user !== null;
  element("items").hidden = user === null;
  element("status").textContent = status;
  if (user === null) disconnect();
}

/**
 * Gives whether there is a session. One refresh at a time, however many requests and tabs need one: the server limits how
 * often a login is refreshed.
 */
function refresh() {
  const asked = performance.now();
  refreshing ??= navigator.locks
    .request("refresh", async () => {
      if (refreshedElsewhere > asked) return true;
      const answer = await fetch("/refresh", { method: "POST" });
      if (answer.status >= 500 || answer.status === 429) throw new Error(`the server answers ${answer.status}`);
      if (answer.ok) tabs.postMessage("refreshed");
      return answer.ok;
    })
    .finally(() => (refreshing = null));
  return refreshing;
}

tabs.onmessage = () => (refreshedElsewhere = performance.now());

async function load() {
  let answer = await fetch("/items");
  if (answer.status === 401 && (await refresh())) answer = await fetch("/items");
  if (answer.status === 401) return show(null, "Please log in.");
  if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
  const { user, items } = await answer.json();
  // As text: what somebody has written there is never markup.
  element("list").replaceChildren(...items.map((item) => Object.assign(document.createElement("li"), { textContent: item })));
  show(user, `Logged in as ${user}.`);
  connect();
}

async function reload() {
  try {
    await load();
  } catch (error) {
    element("status").textContent = `Cannot load the items now: ${error.message}`;
  }
}

function connect() {
  if (socket) return;
  const mine = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
  socket = mine;
  mine.onopen = () => {
    connections += 1;
    element("live").textContent = `connected (${connections})`;
  };
  mine.onmessage = ({ data }) => {
    if (data === "items") reload();
  };
  mine.onclose = async ({ code }) => {
    if (socket !== mine) return;
    element("live").textContent = `closed with ${code}`;
    const again = code === EXPIRED ? await refresh().catch(() => false) : true;
    await new Promise((resolve) => setTimeout(resolve, code === EXPIRED ? 0 : RECONNECT_AFTER));
    if (socket !== mine) return;
    socket = null;
    if (again) connect();
    else reload();
  };
}

function disconnect() {
  const closing = socket;
  socket = null;
  closing?.close();
  element("live").textContent = "not connected";
}

element("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  try {
    const answer = await fetch("/login", { method: "POST", body: new URLSearchParams(new FormData(form)) });
    form.elements.password.value = "";
    if (answer.ok) return reload();
    const { error_description: description } = await answer.json();
    element("status").textContent = `${description}.`;
  } catch (error) {
    element("status").textContent = `Cannot log in now: ${error.message}`;
  }
});

element("logout").addEventListener("click", async () => {
  const answer = await fetch("/logout", { method: "POST" });
  // After an outage the cookies are still there, and so is the login.
  if (!answer.ok) element("status").textContent = "Cannot log out now, please try again.";
  else show(null, "You have logged out.");
});

// Another tab may have logged out, or in as somebody else. After a logout here there is nothing to ask for.
setInterval(() => {
  if (!element("items").hidden) reload();
}, RELOAD_EVERY);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && reload());
reload();
