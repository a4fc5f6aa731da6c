// Uses the examples in a browser, as a person does, and checks what the pages show: the docs page of both login examples,
// and the page of both browser examples, with its neighbours on other ports and hosts.
//
// Usage: browser.mjs FOLDER SCREENSHOTS, where FOLDER holds the built examples, and SCREENSHOTS is made.
// `interop/browser` prepares all that this needs.

import { mkdirSync, rmSync } from "node:fs";
import { chromium } from "playwright-core";
import { HOST, testDocs } from "./browser_docs.mjs";
import { check, count, sameShown, screenshots } from "./browser_helpers.mjs";
import { testSession } from "./browser_session.mjs";

// Servers and browser are ended on "exit".
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => process.exit(1));
rmSync(screenshots, { recursive: true, force: true });
mkdirSync(screenshots, { recursive: true });
const LOOPBACK = [HOST, "localhost", "*.localhost"].map((host) => `MAP ${host} 127.0.0.1`).join(", ");
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: [
    // Chromium does not run as root with its sandbox.
    ...(process.getuid() === 0 ? ["--no-sandbox"] : []),
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // No other name is found: what the page asks of others is noted, and not sent.
    `--host-resolver-rules=${LOOPBACK}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
  ],
});

for (const [what, test] of [["docs", testDocs], ["session", testSession]]) {
  const shown = {};
  for (const server of ["axum", "actix"]) {
    const before = { ...count };
    shown[server] = await test(browser, server);
    const [passed, failed] = [count.passed - before.passed, count.failed - before.failed];
    console.log(`Chromium ${browser.version()}  ${what.padEnd(8)} ${server.padEnd(6)}${passed}/${passed + failed}`);
  }
  await check(`${what}: both servers have the page show the same`, () => sameShown(shown));
}
await browser.close();
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exit(count.failed ? 1 : 0);
