// What the checks in a browser share: how they are counted, and how an example is started.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual, stripVTControlCharacters } from "node:util";

export const [examples, screenshots] = process.argv.slice(2);
// Long enough for a slow machine. Nothing waits for it unless something is wrong.
export const PATIENCE = 60_000;

export const count = { passed: 0, failed: 0 };

export async function check(name, test) {
  try {
    await test();
    count.passed += 1;
  } catch (error) {
    count.failed += 1;
    console.log(`FAILED ${name}\n  ${stripVTControlCharacters(error.message).trim()}`);
  }
}

export function same(seen, expected) {
  if (isDeepStrictEqual(seen, expected)) return;
  throw new Error(`expected ${JSON.stringify(expected)}\n  saw      ${JSON.stringify(seen)}`);
}

/** Compares what a page has shown of both servers. */
export function sameShown(shown) {
  const differs = (name) => !isDeepStrictEqual(shown.axum[name], shown.actix[name]);
  const names = Object.keys({ ...shown.axum, ...shown.actix });
  if (names.length === 0) throw new Error("it showed nothing");
  same(names.filter(differs).map((name) => [name, shown.axum[name], shown.actix[name]]), []);
}

/** Gives a folder that is deleted when this ends. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "auth-browser-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts an example; gives the port that it listens on, and reads its mails. It runs until this ends. */
export function serve(file, settings) {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("AUTH_"));
  const env = { ...Object.fromEntries(inherited), AUTH_LISTEN: "127.0.0.1:0", ...settings };
  const server = spawn(join(examples, file), { env });
  process.on("exit", () => server.kill("SIGKILL"));
  return new Promise((resolve, reject) => {
    let output = "";
    const giveUp = () => reject(new Error(`${file} does not listen; it wrote:\n${output}`));
    const read = (chunk) => {
      output += chunk;
      const line = /^listening on http:\/\/127\.0\.0\.1:(\d+)\n/m.exec(output);
      if (line) resolve({ port: line[1], code });
    };
    /** The code in the first mail; the lines to try have shorter ones, which are guesses. */
    const code = async () => {
      let found;
      while (!(found = /"code":"([\w-]{43})"/.exec(output))) await once(server.stdout, "data");
      return found[1];
    };
    server.stdout.on("data", read);
    // It has to be read, or else the server stands still once the pipe is full.
    server.stderr.on("data", read);
    server.on("error", reject);
    server.on("exit", giveUp);
    setTimeout(giveUp, 2 * PATIENCE).unref();
  });
}
