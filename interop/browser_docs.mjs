// Logs in on the docs page of a login example, as a person does, and checks what the page shows.

import { join } from "node:path";
import { PATIENCE, check, same, screenshots, serve, temporaryFolder } from "./browser_helpers.mjs";

// Not localhost: only elsewhere does Swagger UI ask its makers' validator to read the document, if it is let.
export const HOST = "login.example";

const ANONYMOUS = {
  status: "401",
  type: "application/problem+json",
  challenge: "Bearer",
  body: { type: "about:blank", title: "Unauthorized", status: 401, detail: "Not authenticated" },
};
const FORBIDDEN = {
  status: "403",
  type: "application/problem+json",
  challenge: 'Bearer error="insufficient_scope",scope="items"',
  body: { type: "about:blank", title: "Forbidden", status: 403, detail: "Not enough permissions" },
};
const good = (body) => ({ status: "200", type: "application/json", challenge: undefined, body });
const ALICE = good({ id: "alice", email: "alice@example.com", full_name: "Alice Liddell" });
const ITEMS = good([{ name: "a looking-glass" }, { name: "a pocket watch" }]);
const BOB = good({ id: "bob", email: "bob@example.com", full_name: "Bob, who may not see items" });
const PASSWORD = "a mad tea-party";
const CAROL = "carol@example.com";
const CAROL_HERSELF = good({ id: "random", email: CAROL, full_name: "Carol" });
const ASKED = { ...good({ message: "Check your mail: it says what to do next" }), status: "202" };
// These refuse on purpose, and the browser notes it on its console.
const MAY_REFUSE = ["/token", "/users/me", "/users/me/items"];

/** Puts the page back as it was. What is not there says that something else has failed, which is told already. */
async function clickIfThere(...buttons) {
  for (const button of buttons) if (await button.isVisible()) await button.click();
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The docs page, and what a person does there. */
class Docs {
  /** What the page showed, by what was done for it. */
  shown = {};

  constructor(page, server) {
    Object.assign(this, { page, server, dialog: page.locator(".dialog-ux") });
  }

  /** Each operation, and how its padlock is drawn. */
  async operations() {
    await this.page.locator(".opblock").first().waitFor();
    const operations = await this.page.locator(".opblock").evaluateAll((blocks) =>
      blocks.map((block) => {
        const method = block.querySelector(".opblock-summary-method").textContent;
        const padlock = block.querySelector(".authorization__btn svg")?.getAttribute("class") ?? "none";
        return [`${method} ${block.querySelector("[data-path]").dataset.path}`, padlock];
      }),
    );
    return Object.fromEntries(operations);
  }

  async inDialog(act) {
    await this.page.locator(".schemes .authorize").click();
    try {
      return await act();
    } finally {
      await clickIfThere(this.dialog.getByRole("button", { name: "Close" }));
    }
  }

  /** Gives the heading of who is in, or the error. */
  logIn(username, password, scopes, name) {
    return this.inDialog(async () => {
      await this.dialog.getByLabel("username:").fill(username);
      await this.dialog.getByLabel("password:").fill(password);
      for (const box of await this.dialog.locator("input[type=checkbox]").all()) {
        const wanted = scopes.includes(await box.getAttribute("data-value"));
        // The box itself is hidden, its label is drawn as one.
        const label = this.dialog.locator(`label[for="${await box.getAttribute("id")}"]`);
        if ((await box.isChecked()) !== wanted) await label.click();
      }
      // The error of an attempt before stays until then.
      const answered = this.page.waitForResponse((response) => response.request().method() === "POST");
      await Promise.all([answered, this.dialog.locator(".authorize").click()]);
      const verdict = this.dialog.locator("h6, .errors span");
      await verdict.waitFor();
      await verdict.scrollIntoViewIfNeeded();
      await this.screenshot(name);
      return (this.shown[name] = await verdict.textContent());
    });
  }

  logOut() {
    return this.inDialog(async () => {
      await this.dialog.getByRole("button", { name: "Remove authorization" }).click();
      await this.dialog.getByLabel("username:").waitFor();
    });
  }

  get(path, name) {
    return this.send("get", path, name);
  }

  /** Sends a request with "Try it out", and gives what is shown of the answer. */
  async send(method, path, name, form) {
    const block = this.page.locator(`.opblock-${method}`, { has: this.page.locator(`[data-path="${path}"]`) });
    const button = (name) => block.getByRole("button", { name, exact: true });
    const summary = block.locator(".opblock-summary-control");
    await summary.click();
    try {
      await button("Try it out").click();
      if (form) await block.locator("textarea.body-param__text").fill(JSON.stringify(form));
      await button("Execute").click();
      const answer = block.locator(".live-responses-table tbody");
      await answer.waitFor();
      const lines = await answer.locator(".headerline").allTextContents();
      const headers = Object.fromEntries(lines.map((line) => line.trim().split(/: (.*)/s, 2)));
      const status = await answer.locator(".response-col_status").innerText();
      const body = parsed(await answer.locator(".highlight-code code").innerText());
      await this.screenshot(name, true);
      delete headers.date;
      // That of a new account is never the same twice.
      if (body.id?.length === 22) body.id = "random";
      this.shown[name] = { status, headers, body };
      return { status, type: headers["content-type"], challenge: headers["www-authenticate"], body };
    } finally {
      // So that the next answer is not mistaken for this one.
      await clickIfThere(button("Clear"), button("Cancel"), summary);
    }
  }

  async screenshot(name, fullPage = false) {
    const path = join(screenshots, `${this.server}-${name}.png`);
    await this.page.screenshot({ path, fullPage, animations: "disabled" });
  }
}

/** Does all of it on one server, and gives what was shown. */
export async function testDocs(browser, server) {
  const checks = (name, act) => check(`${server}: ${name}`, act);
  let port, code;
  await checks("the server listens", async () => {
    const database = join(temporaryFolder(), "login.sqlite");
    ({ port, code } = await serve(`${server}_login`, { AUTH_DATABASE: database, AUTH_DEMO: "1" }));
  });
  if (!port) return {};
  const origin = `http://${HOST}:${port}`;
  const context = await browser.newContext({ viewport: { width: 1280, height: 1600 } });
  context.setDefaultTimeout(PATIENCE);
  const [requests, complaints] = [[], []];
  context.on("request", (request) => requests.push(request.url()));
  context.on("weberror", (error) => complaints.push(String(error.error())));
  context.on("console", (message) => {
    const refused = /^Failed to load resource: the server responded with a status of 4\d\d /.test(message.text());
    const expected = refused && MAY_REFUSE.some((path) => message.location().url === origin + path);
    if (message.type() === "error" && !expected) complaints.push(`${message.text()} ${message.location().url}`);
  });
  const docs = new Docs(await context.newPage(), server);
  // Swagger UI draws that of GET / locked from the start, for it demands nothing that is not there.
  const padlocks = (those) => ({
    "GET /": "locked",
    "POST /token": "none",
    "POST /revoke": "none",
    "POST /register": "none",
    "POST /verify": "none",
    "POST /forgot-password": "none",
    "POST /reset-password": "none",
    "GET /users/me": those,
    "GET /users/me/items": those,
    "GET /users/me/sessions": those,
    "DELETE /users/me/sessions/{id}": those,
    "POST /users/me/password": those,
  });

  await checks("/docs leads to the page", async () => {
    const response = await docs.page.goto(`${origin}/docs`);
    const redirect = await response.request().redirectedFrom()?.response();
    const seen = [redirect, response].map((response) => `${response?.status()} ${response?.url()}`);
    same(seen, [`303 ${origin}/docs`, `200 ${origin}/docs/`]);
  });
  await checks("the page has the operations, with padlocks", async () => {
    const operations = await docs.operations();
    await docs.screenshot("01-docs", true);
    same(operations, padlocks("unlocked"));
  });
  await checks("GET / greets a stranger", async () => {
    same(await docs.get("/", "02-stranger"), good({ message: "Hello stranger" }));
  });
  await checks("GET /users/me refuses a stranger", async () => {
    same(await docs.get("/users/me", "03-me-401"), ANONYMOUS);
  });

  await checks("a wrong password is refused", async () => {
    const error = "Error: Bad Request, error: invalid_grant, description: Incorrect username or password";
    const said = await docs.logIn("alice", "looking-glass", ["items"], "04-wrong-password");
    same(said, error);
  });
  await checks("a wrong password leaves the padlocks open", async () => {
    same(await docs.operations(), padlocks("unlocked"));
  });
  await checks("GET /users/me refuses after a wrong password", async () => {
    same(await docs.get("/users/me", "05-wrong-password-me-401"), ANONYMOUS);
  });

  await checks("alice logs in", async () => {
    same(await docs.logIn("alice", "wonderland", ["items"], "06-authorized"), "Authorized");
  });
  await checks("the padlocks are locked then", async () => {
    same(await docs.operations(), padlocks("locked"));
  });
  await checks("GET /users/me tells alice", async () => {
    same(await docs.get("/users/me", "07-alice-me-200"), ALICE);
  });
  await checks("GET /users/me/items tells alice's", async () => {
    same(await docs.get("/users/me/items", "08-alice-items-200"), ITEMS);
  });
  await checks("GET / greets alice", async () => {
    same(await docs.get("/", "09-alice-greeting"), good({ message: "Hello alice" }));
  });

  await checks("alice logs out", async () => {
    await docs.logOut();
    same(await docs.operations(), padlocks("unlocked"));
  });
  await checks("GET /users/me refuses who has logged out", async () => {
    same(await docs.get("/users/me", "10-logged-out-401"), ANONYMOUS);
  });

  await checks("bob logs in", async () => {
    same(await docs.logIn("bob", "wonderland", [], "11-bob-authorized"), "Authorized");
  });
  await checks("GET /users/me tells bob", async () => {
    same(await docs.get("/users/me", "12-bob-me-200"), BOB);
  });
  await checks("GET /users/me/items refuses bob", async () => {
    same(await docs.get("/users/me/items", "13-bob-items-403"), FORBIDDEN);
  });

  await checks("bob logs out", () => docs.logOut());

  await checks("POST /register sends a mail", async () => {
    same(await docs.send("post", "/register", "14-register-202", { email: CAROL }), ASKED);
  });
  await checks("POST /verify makes an account", async () => {
    const form = { email: CAROL, code: await code(), password: PASSWORD, full_name: "Carol" };
    same(await docs.send("post", "/verify", "15-verify-201", form), { ...CAROL_HERSELF, status: "201" });
  });
  await checks("carol logs in", async () => {
    same(await docs.logIn(CAROL, PASSWORD, ["items"], "16-carol-authorized"), "Authorized");
  });
  await checks("GET /users/me tells carol", async () => {
    same(await docs.get("/users/me", "17-carol-me-200"), CAROL_HERSELF);
  });

  await checks("the console has no errors", () => same(complaints, []));
  await checks("no other server is asked", () => {
    // If nothing was noted, there is nothing to conclude.
    same(requests.includes(`${origin}/openapi.json`), true);
    same(requests.filter((url) => new URL(url).origin !== origin), []);
  });
  await context.close();
  return docs.shown;
}
