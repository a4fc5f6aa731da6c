// Logs in on the page of a browser example, with cookies, in two tabs; and sends it what its neighbours might send: pages on
// another port, and on other hosts.

import { createServer } from "node:http";
import { join } from "node:path";
import { PATIENCE, check, same, screenshots, serve } from "./browser_helpers.mjs";

// The page reloads its list every three seconds, so its token expires in the middle of its life more than once.
const ACCESS_SECONDS = 5;
const EXPIRED = 4401;
const INJECTED = "<img src=x onerror=alert(1)>";
const ALICES = ["a looking-glass", "a pocket watch"];
// Where the page is, where a page of others is, and what the browser calls the two: SameSite goes by sites, which are
// the same on every port and subdomain; the server goes by origins.
const NEIGHBOURS = [
  { own: "localhost", other: "localhost", is: "same-site" },
  { own: "app.localhost", other: "other.app.localhost", is: "same-site" },
  { own: "localhost", other: "127.0.0.1", is: "cross-site" },
  { own: "127.0.0.1", other: "localhost", is: "cross-site" },
  { own: "localhost", other: "app.localhost", is: "cross-site" },
];

/** A server of somebody else, whose pages send forms to the address in the query. */
function neighbour() {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url, "http://neighbour");
    const [target, body] = [searchParams.get("target"), searchParams.get("body")];
    response.setHeader("Content-Type", "text/html");
    if (!target) return response.end("<title>Neighbour</title>");
    const inputs = [...new URLSearchParams(body)].map(([name, value]) => `<input name="${name}" value="${value}">`);
    response.end(`<title>Neighbour</title><form method="post" action="${target}">${inputs.join("")}<button>Send</button></form>`);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** One tab with the page. */
class Tab {
  constructor(page, origin, server) {
    Object.assign(this, { page, origin, server });
  }

  static async open(context, origin, server) {
    const page = await context.newPage();
    // What the page says of its WebSocket, in order.
    await page.addInitScript(() => {
      window.said = [];
      // Every body that a script of the page can read.
      const { fetch } = window;
      window.fetch = async (...request) => {
        const answer = await fetch(...request);
        await window.noteText?.(await answer.clone().text());
        return answer;
      };
      document.addEventListener("DOMContentLoaded", () => {
        const live = document.getElementById("live");
        if (live) new MutationObserver(() => window.said.push(live.textContent)).observe(live, { childList: true });
      });
    });
    await page.goto(`${origin}/`);
    return new Tab(page, origin, server);
  }

  status(wanted) {
    return this.page.locator("#status", { hasText: wanted }).waitFor();
  }

  async logIn(username, password) {
    await this.page.getByLabel("User name").fill(username);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: "Log in" }).click();
  }

  async add(name) {
    await this.page.getByLabel("New item").fill(name);
    const answered = this.page.waitForResponse((response) => response.request().method() === "POST");
    const [answer] = await Promise.all([answered, this.page.getByRole("button", { name: "Add" }).click()]);
    return answer.status();
  }

  /** The list, once it has this many items. */
  async items(count) {
    await this.page.locator(`#list li:nth-child(${count})`).waitFor();
    return this.page.locator("#list li").allTextContents();
  }

  /** The list, once it has this item. */
  async itemsWith(name) {
    await this.page.locator("#list li", { hasText: name }).waitFor();
    return this.page.locator("#list li").allTextContents();
  }

  /** Everything that it has said of its WebSocket, once it has said this. */
  async saidAfter(text) {
    await this.page.waitForFunction((text) => window.said.includes(text), text);
    return this.page.evaluate(() => window.said);
  }

  screenshot(name) {
    const path = join(screenshots, `${this.server}-session-${name}.png`);
    return this.page.screenshot({ path, animations: "disabled" });
  }
}

/** Sends a form from a page of the neighbour; gives status and body of the answer. */
async function sendForm(context, from, target, body) {
  const page = await context.newPage();
  await page.goto(`${from}/?${new URLSearchParams({ target, body })}`);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url() === target),
    page.getByRole("button", { name: "Send" }).click(),
  ]);
  const seen = { status: answer.status(), detail: (await answer.json()).detail, cookies: answer.headers()["set-cookie"] };
  const fields = await answer.request().allHeaders();
  await page.close();
  return { seen, site: fields["sec-fetch-site"], withCookie: "cookie" in fields };
}

const refused = (status, detail) => ({ status, detail, cookies: undefined });
const CROSS_SITE = refused(403, "Cross-site request refused");
const ANONYMOUS = refused(401, "Not authenticated");

/** What a page of others gets when it opens a WebSocket. */
async function openSocket(context, from, target) {
  const page = await context.newPage();
  await page.goto(`${from}/`);
  const outcome = await page.evaluate((target) => {
    return new Promise((resolve) => {
      const socket = new WebSocket(target);
      socket.onopen = () => resolve("opened");
      socket.onclose = ({ code }) => resolve(`refused with ${code}`);
    });
  }, target);
  await page.close();
  return outcome;
}

/** Does all of it on one server, and gives what was shown. */
export async function testSession(browser, server) {
  const checks = (name, act) => check(`${server}: ${name}`, act);
  const shown = {};
  let port;
  await checks("the server listens", async () => {
    ({ port } = await serve(`${server}_browser`, { AUTH_ACCESS_SECONDS: String(ACCESS_SECONDS) }));
  });
  if (!port) return {};
  const others = await neighbour();
  const origin = `http://localhost:${port}`;
  const newContext = async () => {
    const context = await browser.newContext({ viewport: { width: 800, height: 640 } });
    context.setDefaultTimeout(PATIENCE);
    return context;
  };
  const context = await newContext();
  const [requests, complaints, texts, tokens] = [[], [], [], new Set()];
  const noteTokens = async () => (await context.cookies()).forEach(({ value }) => tokens.add(value));
  context.on("request", (request) => requests.push(request.url()));
  context.on("weberror", (error) => complaints.push(String(error.error())));
  context.on("response", (response) => {
    // Later its tokens may be gone.
    if (["/login", "/refresh"].some((path) => response.url() === origin + path)) noteTokens().catch(() => {});
  });
  context.on("console", (message) => {
    const isRefusal = /^Failed to load resource: the server responded with a status of 40[0134] /.test(message.text());
    // A refusal that is shown instead of the page names no icon, so the browser asks for one.
    const paths = ["/items", "/refresh", "/login", "/favicon.ico"];
    const mayRefuse = paths.some((path) => message.location().url === origin + path);
    if (message.type() === "error" && !(isRefusal && mayRefuse)) complaints.push(message.text());
  });

  await context.exposeFunction("noteText", (text) => void texts.push(text));
  let one, other;
  await checks("the page asks a stranger to log in", async () => {
    one = await Tab.open(context, origin, server);
    await one.status("Please log in.");
    await one.screenshot("01-stranger");
    same(await one.page.locator("#items").isVisible(), false);
  });
  if (!one) return {};
  await checks("a wrong password is refused", async () => {
    await one.logIn("alice", "looking-glass");
    await one.status("Incorrect username or password.");
    await one.screenshot("02-wrong-password");
    same(await context.cookies(), []);
  });
  await checks("alice logs in and sees her list", async () => {
    await one.logIn("alice", "wonderland");
    await one.status("Logged in as alice.");
    same(await one.items(2), ALICES);
    await one.saidAfter("connected (1)");
    await one.screenshot("03-alice");
  });
  await checks("the cookies are for the server alone", async () => {
    const cookies = await context.cookies();
    shown.cookies = cookies
      .map(({ name, path, domain, httpOnly, secure, sameSite }) => ({ name, path, domain, httpOnly, secure, sameSite }))
      .sort((a, b) => a.name.localeCompare(b.name));
    const attributes = { path: "/", domain: "localhost", httpOnly: true, secure: true, sameSite: "Lax" };
    same(shown.cookies, [{ name: "__Host-access", ...attributes }, { name: "__Host-refresh", ...attributes }]);
    await noteTokens();
  });
  await checks("the page's own form adds an item", async () => {
    same(await one.add("a white rabbit"), 303);
    same(await one.items(3), [...ALICES, "a white rabbit"]);
  });
  await checks("what is added in one tab is seen in the other, as text", async () => {
    other = await Tab.open(context, origin, server);
    await other.status("Logged in as alice.");
    await other.saidAfter("connected (1)");
    same(await one.add(INJECTED), 303);
    same((await other.items(4)).at(-1), INJECTED);
    same(await other.page.locator("img").count(), 0);
    await other.screenshot("04-other-tab");
  });
  await checks("the WebSocket ends with its token and goes on after a refresh, twice", async () => {
    for (const tab of [one, other]) {
      const said = await tab.saidAfter("connected (3)");
      const codes = said.filter((text) => text.startsWith("closed"));
      same(codes.slice(0, 2), [`closed with ${EXPIRED}`, `closed with ${EXPIRED}`]);
      same(await tab.page.locator("#status").textContent(), "Logged in as alice.");
    }
    await one.screenshot("05-after-refreshes");
  });
  await checks("an event stream ends with its token and goes on after a refresh", async () => {
    const said = await one.page.evaluate(() => new Promise((resolve) => {
      const said = [];
      const open = () => {
        const events = new EventSource("/events");
        events.onmessage = ({ data }) => said.push(data) === 3 && (events.close(), resolve(said));
        events.addEventListener("expired", ({ data }) => said.push(data));
        // Refused: it was asked for with the old cookie. The page is about to get a new one.
        events.onerror = () => events.readyState === EventSource.CLOSED && setTimeout(open, 200);
      };
      open();
    }));
    same(said, ["hello alice", "the token has expired", "hello alice"]);
  });
  await checks("no script can read a token", async () => {
    for (const tab of [one, other]) {
      const readable = await tab.page.evaluate(async () => ({
        cookie: document.cookie,
        local: { ...localStorage },
        session: { ...sessionStorage },
        databases: await indexedDB.databases(),
        caches: await caches.keys(),
        page: document.documentElement.outerHTML,
      }));
      const { page, ...rest } = readable;
      same(rest, { cookie: "", local: {}, session: {}, databases: [], caches: [] });
      texts.push(page);
    }
    await noteTokens();
    // Two of the login, and two of each refresh: of a page that is loaded for the first time there are at least three.
    if (tokens.size < 6) throw new Error(`only ${tokens.size} tokens were seen; ${requests.filter((u) => u.endsWith("/refresh")).length} refreshes`);
    const found = texts.filter((text) => [...tokens].some((token) => text.includes(token)));
    const read = ['"expires_in":', '"items":', "<html"].map((part) => texts.some((text) => text.includes(part)));
      same([read, found.length], [[true, true, true], 0]);
  });
  await checks("a logout in one tab is seen in the other", async () => {
    await one.page.getByRole("button", { name: "Log out" }).click();
    await one.status("You have logged out.");
    await other.status("Please log in.");
    same(await other.page.locator("#items").isVisible(), false);
    same(await context.cookies(), []);
    await one.screenshot("06-logged-out");
    await other.screenshot("07-other-tab-logged-out");
  });
  await checks("bob logs in, and may not add items", async () => {
    await one.logIn("bob", "wonderland");
    await one.status("Logged in as bob.");
    same(await one.page.locator("#list li").count(), 0);
    same(await one.add("a white rabbit"), 403);
    await one.screenshot("08-bob-403");
  });
  await checks("the console has no errors", () => same(complaints, []));
  await checks("no other server is asked", () => {
    same(requests.includes(`${origin}/items`), true);
    same(requests.filter((url) => new URL(url).origin !== origin), []);
  });
  await context.close();

  for (const { own, other, is } of NEIGHBOURS) {
    await checks(`a page on ${other}, another port, can do nothing to one on ${own}`, async () => {
      const context = await newContext();
      const [page, from] = [`http://${own}:${port}`, `http://${other}:${others.address().port}`];
      const tab = await Tab.open(context, page, server);
      await tab.status("Please log in.");
      // Nobody is logged in by others.
      const login = await sendForm(context, from, `${page}/login`, "username=bob&password=wonderland");
      same([login.seen, login.site], [CROSS_SITE, is]);
      await tab.logIn("alice", "wonderland");
      await tab.status("Logged in as alice.");
      // The browser holds its cookies back from other sites, and not from other ports and subdomains.
      const isSent = is === "same-site";
      const form = await sendForm(context, from, `${page}/items`, "name=spam");
      same([form.seen, form.site, form.withCookie], [isSent ? CROSS_SITE : ANONYMOUS, is, isSent]);
      for (const path of ["/logout", "/refresh"]) {
        const { seen, site, withCookie } = await sendForm(context, from, page + path, "");
        same([seen, site, withCookie], [CROSS_SITE, is, isSent]);
      }
      same(await openSocket(context, from, `ws://${own}:${port}/ws`), "refused with 1006");
      // The near twin: the page's own form and WebSocket.
      same(await openSocket(context, page, `ws://${own}:${port}/ws`), "opened");
      const added = `tea of ${own} beside ${other}`;
      same(await tab.add(added), 303);
      const items = await tab.itemsWith(added);
      same(items.includes("spam"), false);
      await tab.screenshot(`09-${own}-beside-${other}`);
      shown[`${own} beside ${other}`] = [form.seen, items];
      await context.close();
    });
  }
  others.close();
  return shown;
}
