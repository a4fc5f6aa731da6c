// Runs both example servers with an identity provider against real ones, and checks the answers.
//
// Usage: oidc.mjs FOLDER WORK GLEWLWYD, where FOLDER holds the built examples, WORK is for logs, and GLEWLWYD is where
// its package was unpacked.
// `interop/oidc` prepares all that this needs.

import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createWriteStream, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Glewlwyd, newPemKey } from "./provider_glewlwyd.mjs";
import { newKey, newRsaKey, PanvaProvider } from "./provider_panva.mjs";

const [examples, work, glewlwydRoot] = process.argv.slice(2);
const SERVERS = { axum: "axum_oidc", actix: "actix_oidc" };
const AUDIENCE = "https://api.interop.example";
const OTHER = "https://other.interop.example";
// Nobody listens there: the driver reads the code from the redirect.
const REDIRECT = "http://127.0.0.1/callback";
// Long enough for a slow machine. Nothing waits for it unless something is wrong.
const PATIENCE = 120_000;
// Unknown keys cause a fetch every 30 seconds at most (auth-oidc/README.md). The rest is for the fetch, on a busy machine.
const COOLDOWN = 35_000;
// How long a request waits for the provider before it is answered 503.
const WAITS = 5_000;

const problem = (status, title, detail) => JSON.stringify({ type: "about:blank", title, status, detail });
const accepted = (subject) => ({
  status: 200,
  type: "application/json",
  challenge: undefined,
  body: JSON.stringify({ message: `Hello ${subject}` }),
});
const refused = (challenge, detail) => ({
  status: 401,
  type: "application/problem+json",
  challenge,
  body: problem(401, "Unauthorized", detail),
});
const REFUSED = refused('Bearer error="invalid_token"', "Could not validate credentials");
const ANONYMOUS = refused("Bearer", "Not authenticated");
const UNAVAILABLE = {
  status: 503,
  type: "application/problem+json",
  challenge: undefined,
  body: problem(503, "Service Unavailable", "Authentication is temporarily unavailable"),
};
const READY = { status: 200, type: undefined, challenge: undefined, body: "" };
const NOT_READY = { ...READY, status: 503 };

let passed = 0;
let failed = 0;

/** Counts one check. `wrong` says what is wrong, if something is. */
function note(name, wrong) {
  if (wrong === undefined) {
    passed += 1;
  } else {
    failed += 1;
    // A token is a credential even here, whatever a server may echo.
    console.log(`FAILED ${name}\n  ${wrong.replace(/ey[\w-]+\.[\w-]+\.[\w-]*/g, "<token>")}`);
  }
}

function difference(seen, expected) {
  if (isDeepStrictEqual(seen, expected)) return undefined;
  return `expected ${JSON.stringify(expected)}\n  saw      ${JSON.stringify(seen)}`;
}

function section(name) {
  console.log(`${new Date().toISOString().slice(11, 19)} ${name}`);
}

/** A server under test. It ends with this process at the latest. */
class Server {
  constructor(name, issuer, more = {}) {
    this.name = name;
    this.log = join(work, `${SERVERS[name]}.log`);
    const inherited = Object.entries(process.env).filter(([variable]) => !variable.startsWith("AUTH_"));
    const settings = { AUTH_LISTEN: "127.0.0.1:0", AUTH_ISSUER: issuer, AUTH_AUDIENCE: AUDIENCE, ...more };
    this.process = spawn(join(examples, SERVERS[name]), { env: { ...Object.fromEntries(inherited), ...settings } });
    this.ended = new Promise((resolve) => this.process.on("close", (...how) => resolve(how.find((one) => one !== null))));
    this.output = "";
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.on("data", (chunk) => (this.output += chunk));
      stream.pipe(createWriteStream(this.log, { flags: "a" }));
    }
    process.on("exit", () => this.process.kill("SIGKILL"));
  }

  async listening() {
    const line = /^listening on http:\/\/127\.0\.0\.1:(\d+)\n/m;
    await until(`${this.name} listens`, () => {
      if (this.process.exitCode !== null || this.process.signalCode !== null) throw new Error(`${this.name} has ended. It wrote:\n${this.output}`);
      return line.test(this.output);
    });
    this.port = line.exec(this.output)[1];
    return this;
  }

  /** Asks once, on a connection of its own. */
  ask(path, token) {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const options = { host: "127.0.0.1", port: this.port, path, headers, agent: false, timeout: PATIENCE };
    return new Promise((resolve, reject) => {
      const request = get(options, async (response) => {
        try {
          resolve(new Answer(response, Buffer.concat(await response.toArray()).toString()));
        } catch (error) {
          reject(error);
        }
      });
      request.on("timeout", () => request.destroy(new Error(`${this.name} does not answer`)));
      request.on("error", reject);
    });
  }

  async stop() {
    this.process.kill("SIGTERM");
    note(`${this.name} ends gracefully`, difference(await this.ended, 0));
  }
}

class Answer {
  constructor(response, body) {
    const { "content-type": type, "www-authenticate": challenge, "retry-after": retryAfter } = response.headers;
    this.retryAfter = retryAfter;
    this.parts = { status: response.statusCode, type, challenge, body };
    const fields = [];
    for (let at = 0; at < response.rawHeaders.length; at += 2) fields.push(response.rawHeaders.slice(at, at + 2));
    // Each server has its own pause before it asks the provider again.
    const own = ["date", "retry-after"];
    this.fields = fields.filter(([name]) => !own.includes(name.toLowerCase())).sort();
  }
}

/** Both servers. */
class Pair {
  static async start(issuer, settings) {
    const servers = Object.keys(SERVERS).map((name) => new Server(name, issuer, settings));
    await Promise.all(servers.map((server) => server.listening()));
    return new Pair(servers);
  }

  constructor(servers) {
    this.servers = servers;
  }

  /** Checks the answer of each server, and that both answers are the same. */
  async check(name, expected, token, path = "/protected") {
    const answers = await Promise.all(this.servers.map((server) => server.ask(path, token)));
    for (const [place, { parts, retryAfter }] of answers.entries()) {
      const label = `${name}: ${this.servers[place].name}`;
      const pause = path === "/protected" && parts.status === 503 ? /^[1-9]\d*$/.test(retryAfter) : retryAfter === undefined;
      note(label, difference(parts, expected) ?? (pause ? undefined : `Retry-After: ${retryAfter}`));
    }
    const [first, second] = answers;
    note(`${name}: the same from both`, difference([second.parts, second.fields], [first.parts, first.fields]));
  }

  /** Asks each server until it answers as expected. Until then it may only answer `meanwhile`. */
  async becomes(name, expected, meanwhile, token, path = "/protected") {
    const became = async (server) => {
      let wrong;
      await until(`${name}: ${server.name}`, async () => {
        const { parts } = await server.ask(path, token);
        if (isDeepStrictEqual(parts, expected)) return true;
        wrong ??= difference(parts, meanwhile);
        return false;
      });
      note(`${name}: ${server.name}`, wrong);
    };
    await Promise.all(this.servers.map(became));
  }

  async stop() {
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

async function until(what, condition) {
  const end = performance.now() + PATIENCE;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`timed out: ${what}`);
    await sleep(50);
  }
}

/** Posts a form. Returns the JSON of the answer. */
async function post(url, form) {
  const response = await fetch(url, { method: "POST", body: new URLSearchParams(form) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

async function metadataOf(issuer) {
  return (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
}

/** Returns a function by which a client gets a token for itself. */
function tokensOf(provider, metadata) {
  return async (audience = AUDIENCE) =>
    (await post(metadata.token_endpoint, provider.clientCredentials(audience))).access_token;
}

/** A person's browser: follows redirects, keeps cookies, and sends the forms that it is shown. */
class Browser {
  #cookies = new Map();

  async #load(url, form) {
    const cookie = [...this.#cookies].map((pair) => pair.join("=")).join("; ");
    const request = form ? { method: "POST", body: new URLSearchParams(form) } : {};
    const response = await fetch(url, { ...request, redirect: "manual", headers: { cookie } });
    for (const field of response.headers.getSetCookie()) {
      const [name, ...value] = field.split(";")[0].split("=");
      this.#cookies.set(name, value.join("="));
    }
    return response;
  }

  /** Follows the pages until one redirects to the client. Returns the parameters of that redirect. */
  async logIn(url, fields) {
    let response = await this.#load(url);
    // More pages than any provider has.
    for (let page = 0; page < 20; page += 1) {
      const location = response.headers.get("location");
      const text = await response.text();
      if (location?.startsWith(REDIRECT)) return new URL(location).searchParams;
      if (location) {
        url = new URL(location, url);
        response = await this.#load(url);
        continue;
      }
      const action = /<form[^>]* action="([^"]*)"/.exec(text)?.[1];
      if (!response.ok || !action) throw new Error(`${url} answered ${response.status}: ${text}`);
      const hidden = text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g);
      url = new URL(action, url);
      response = await this.#load(url, { ...Object.fromEntries([...hidden].map(([, ...pair]) => pair)), ...fields });
    }
    throw new Error("the login does not end");
  }
}

/** The authorization code flow with PKCE, as an app does it. `logIn` does what a person does. */
async function codeFlow(metadata, scope, logIn) {
  const verifier = randomBytes(32).toString("base64url");
  const state = randomBytes(16).toString("base64url");
  const common = { client_id: "app", redirect_uri: REDIRECT, resource: AUDIENCE };
  const url = new URL(metadata.authorization_endpoint);
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const request = { response_type: "code", scope: `openid ${scope}`, state, nonce: state };
  url.search = new URLSearchParams({ ...common, ...request, code_challenge: challenge, code_challenge_method: "S256" });
  const answer = await logIn(url);
  if (answer.get("state") !== state) throw new Error(`the login ended with ${answer}`);
  const code = { grant_type: "authorization_code", code: answer.get("code"), code_verifier: verifier };
  return post(metadata.token_endpoint, { ...common, ...code });
}

/** Runs `act` while the clock of this process, and of a provider within it, is an hour slow. */
async function anHourAgo(act) {
  const { now } = Date;
  Date.now = () => now() - 3_600_000;
  try {
    return await act();
  } finally {
    Date.now = now;
  }
}

const decoded = (part) => JSON.parse(Buffer.from(part, "base64url"));

/** Changes a good token so that its signature no longer fits. */
function forgeries(token) {
  const [header, payload, signature] = token.split(".");
  const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const bytes = Buffer.from(signature, "base64url");
  bytes[bytes.length - 1] ^= 1;
  return {
    "a flipped bit in the signature": [header, payload, bytes.toString("base64url")].join("."),
    "another subject": [header, encoded({ ...decoded(payload), sub: "mallory" }), signature].join("."),
    "no signature": [encoded({ ...decoded(header), alg: "none" }), payload, ""].join("."),
  };
}

/** Asks with each token over and over, until told to stop. */
class Stream {
  /** Each token with the answer that is right. */
  tokens;
  answers = 0;
  wrong = [];
  #running = true;

  constructor(pair, tokens) {
    this.tokens = tokens;
    this.done = Promise.all([...pair.servers, ...pair.servers].map((server) => this.#run(server)));
  }

  async #run(server) {
    try {
      while (this.#running) await this.#askWithEach(server);
    } catch (error) {
      this.wrong.push(error.message);
    }
  }

  async #askWithEach(server) {
    for (const [token, expected] of this.tokens) {
      const begun = performance.now();
      const { parts } = await server.ask("/protected", token);
      // The machine is too busy for the fetch. Asks again, as a client does after 503.
      if (parts.status === 503 && performance.now() - begun > WAITS) continue;
      this.answers += 1;
      const wrong = difference(parts, expected);
      if (wrong) this.wrong.push(`${server.name}: ${wrong}`);
      // Leaves time for other processes.
      await sleep(5);
    }
  }

  /** Waits for so many answers from now on. */
  async more(count) {
    const wanted = this.answers + count;
    await until(`${count} answers`, () => this.answers >= wanted);
  }

  async stop(name) {
    this.#running = false;
    await this.done;
    console.log(`         ${this.answers} answers, ${this.wrong.length} of them wrong`);
    note(name, this.wrong[0]);
  }
}

/** Waits until an unknown key causes a fetch at once. */
async function cooledDown(provider) {
  await until("the servers pause between fetches", () => performance.now() - provider.keysAskedAt > COOLDOWN);
}

async function withPanva() {
  const { version } = JSON.parse(readFileSync(new URL("node_modules/oidc-provider/package.json", import.meta.url)));
  section(`oidc-provider ${version}`);
  const provider = new PanvaProvider([AUDIENCE, OTHER], REDIRECT);
  await provider.start();
  const [first, second, third, fourth] = [newRsaKey(), newRsaKey(), newRsaKey(), newRsaKey()];
  const others = [
    newKey("ec", { namedCurve: "P-256" }),
    newKey("ec", { namedCurve: "P-384" }),
    newKey("ec", { namedCurve: "P-521" }),
    newKey("ed25519"),
    // Keys that a resource server has no use for.
    newKey("ml-dsa-44"),
    { ...newRsaKey(), use: "enc" },
  ];
  provider.publish([first, ...others]);
  const metadata = await metadataOf(provider.issuer);
  const token = tokensOf(provider, metadata);
  const pair = await Pair.start(provider.issuer);
  const good = accepted("machine");

  await pair.check("ready", READY, undefined, "/ready");
  await pair.check("no token", ANONYMOUS);
  const old = await token();
  await pair.check("client credentials", good, old);
  for (const [name, forged] of Object.entries(forgeries(old))) await pair.check(name, REFUSED, forged);
  await pair.check("for another audience", REFUSED, await token(OTHER));
  await pair.check("expired", REFUSED, await anHourAgo(token));
  for (const algorithm of ["RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]) {
    provider.algorithm = algorithm;
    await pair.check(algorithm, good, await token());
  }
  provider.algorithm = "RS256";
  const person = { login: "alice", password: "wonderland" };
  const login = await codeFlow(metadata, "orders:read", (url) => new Browser().logIn(url, person));
  await pair.check("authorization code", accepted("alice"), login.access_token);
  await pair.check("its ID token", REFUSED, login.id_token);

  section("rotation with overlap");
  await cooledDown(provider);
  const asked = provider.keysAsked;
  provider.publish([first, second, ...others]);
  const stream = new Stream(pair, [[old, good]]);
  await stream.more(200);
  provider.publish([second, first, ...others]);
  const recent = await token();
  stream.tokens = [...stream.tokens, [recent, good]];
  await stream.more(1000);
  await stream.stop("all tokens are accepted");
  note("the keys were fetched once by each server", difference(provider.keysAsked - asked, 2));

  section("rotation without overlap");
  provider.publish([third]);
  const rotated = performance.now();
  const current = await token();
  await pair.becomes("a token signed with the new key is accepted", good, REFUSED, current);
  console.log(`         after ${((performance.now() - rotated) / 1000).toFixed(1)} s`);
  await pair.check("a token of a withdrawn key", REFUSED, old);
  await pair.check("a token of the other withdrawn key", REFUSED, recent);

  section("outage");
  provider.publish([fourth, third]);
  const unknown = await token();
  await provider.stop();
  const known = new Stream(pair, [[current, good]]);
  await cooledDown(provider);
  await pair.check("a token of an unknown key", UNAVAILABLE, unknown);
  await known.more(200);
  await known.stop("tokens of known keys are accepted");
  await pair.check("still ready", READY, undefined, "/ready");
  await provider.start();
  await pair.becomes("the provider is back", good, UNAVAILABLE, unknown);
  await pair.check("a token from before", good, current);
  await pair.stop();

  section("start without the provider");
  await provider.stop();
  const cold = await Pair.start(provider.issuer);
  await cold.check("not ready", NOT_READY, undefined, "/ready");
  await cold.check("no token", ANONYMOUS);
  await cold.check("a good token", UNAVAILABLE, unknown);
  await provider.start();
  await cold.becomes("ready", READY, NOT_READY, undefined, "/ready");
  await cold.check("the same token", good, unknown);
  await cold.stop();
  await provider.stop();
}

/** Opaque tokens of oidc-provider, about which the servers ask it, beside its JWTs. */
async function withOpaqueTokens() {
  section("opaque tokens");
  const provider = new PanvaProvider([AUDIENCE, OTHER], REDIRECT);
  await provider.start();
  provider.publish([newRsaKey()]);
  const metadata = await metadataOf(provider.issuer);
  const token = (format, audience) => {
    provider.format = format;
    return tokensOf(provider, metadata)(audience);
  };
  const good = accepted("machine");
  const keyFile = join(work, "api-key.pem");
  writeFileSync(keyFile, provider.apiKey, { mode: 0o600 });
  const secret = { AUTH_CLIENT_SECRET: provider.apiSecret };
  const ways = {
    client_secret_basic: { ...secret, AUTH_CLIENT_ID: "api-basic" },
    client_secret_post: { ...secret, AUTH_CLIENT_ID: "api-post", AUTH_CLIENT_METHOD: "client_secret_post" },
    private_key_jwt: { AUTH_CLIENT_ID: "api-key", AUTH_CLIENT_METHOD: "private_key_jwt", AUTH_CLIENT_KEY_FILE: keyFile },
    "signed answers": { ...secret, AUTH_CLIENT_ID: "api-signed", AUTH_INTROSPECTION: "signed" },
  };
  for (const [way, settings] of Object.entries(ways)) {
    const pair = await Pair.start(provider.issuer, settings);
    const opaque = await token("opaque");
    if (opaque.includes(".")) throw new Error("the token is not opaque");
    await pair.check(`${way}: an opaque token`, good, opaque);
    await pair.check(`${way}: another one`, good, await token("opaque"));
    await pair.check(`${way}: an unknown one`, REFUSED, randomBytes(32).toString("base64url"));
    await pair.check(`${way}: for another audience`, REFUSED, await token("opaque", OTHER));
    await pair.check(`${way}: expired`, REFUSED, await anHourAgo(() => token("opaque")));
    const jwt = await token("jwt");
    const asked = provider.introspections;
    await pair.check(`${way}: a JWT beside`, good, jwt);
    for (const [name, forged] of Object.entries(forgeries(jwt))) await pair.check(`${way}: ${name}`, REFUSED, forged);
    note(`${way}: nothing was asked about JWTs`, difference(provider.introspections - asked, 0));
    await pair.stop();
  }

  section("opaque tokens: wrong credentials, revocation, outage");
  const wrong = await Pair.start(provider.issuer, { ...ways.client_secret_basic, AUTH_CLIENT_SECRET: "wrong" });
  await wrong.check("a wrong secret of ours", UNAVAILABLE, await token("opaque"));
  for (const { name, output } of wrong.servers) {
    note(`the log of ${name} names the client`, /ERROR.*api-basic/.test(output) ? undefined : output);
  }
  await wrong.stop();
  const pair = await Pair.start(provider.issuer, ways.client_secret_basic);
  const [opaque, other] = [await token("opaque"), await token("opaque")];
  await pair.check("before the revocation", good, opaque);
  const asked = provider.introspections;
  const stream = new Stream(pair, [[opaque, good]]);
  await stream.more(1000);
  await stream.stop("a token seen before");
  note("the issuer was not asked again", difference(provider.introspections - asked, 0));
  const revoked = performance.now();
  const gone = await fetch(metadata.revocation_endpoint, { method: "POST", body: new URLSearchParams(provider.revocation(opaque)) });
  note("the provider revokes it", difference(gone.status, 200));
  await pair.becomes("a revoked token", REFUSED, good, opaque);
  const seen = (performance.now() - revoked) / 1000;
  console.log(`         seen after ${seen.toFixed(1)} s`);
  note("within a minute", seen < 62 ? undefined : `${seen} s`);
  await pair.check("another token of the client", good, other);
  const unknown = await token("opaque");
  await provider.stop();
  await pair.check("a known token in an outage", good, other);
  await pair.check("an unknown one", UNAVAILABLE, unknown);
  await pair.check("a refused one", REFUSED, opaque);
  await provider.start();
  await pair.check("the provider is back", good, unknown);
  await pair.stop();
  await provider.stop();
}

/** Returns what is left to check once a token has expired, a minute later. */
async function withGlewlwyd() {
  const version = /_(.*)$/.exec(glewlwydRoot)[1];
  section(`Glewlwyd ${version}`);
  const log = join(work, "glewlwyd.log");
  const provider = await Glewlwyd.start(glewlwydRoot, log, [AUDIENCE, OTHER], REDIRECT, until);
  const good = accepted("machine");
  const first = newPemKey("rsa", "256", "rsa", { modulusLength: 2048 });
  const curve = (namedCurve, size, wanted) => newPemKey("ecdsa", size, "ec", { namedCurve }, wanted);
  const beginsWithZero = ({ x, y }) => [x, y].some((number) => Buffer.from(number, "base64url")[0] === 0);
  const kinds = {
    "RSA with PSS": newPemKey("rsa-pss", "256", "rsa", { modulusLength: 2048 }),
    "P-256": curve("P-256", "256", (jwk) => !beginsWithZero(jwk)),
    // Glewlwyd publishes their coordinates without the zeros, against RFC 7518 section 6.2.1.2.
    "P-256 with a coordinate that begins with zero": curve("P-256", "256", beginsWithZero),
    "P-521 with a coordinate that begins with zero": curve("P-521", "512", beginsWithZero),
    // Not P-384: Glewlwyd publishes such a key as one for ES512.
    Ed25519: newPemKey("eddsa", "256", "ed25519"),
  };
  for (const [kind, key] of Object.entries(kinds)) {
    await provider.use(key);
    const token = tokensOf(provider, await metadataOf(provider.issuer));
    const pair = await Pair.start(provider.issuer);
    await pair.check(kind, good, await token());
    await pair.check(`${kind}, for another audience`, REFUSED, await token(OTHER));
    await pair.stop();
  }

  await provider.use(first, { "access-token-duration": 1 });
  const metadata = await metadataOf(provider.issuer);
  const token = tokensOf(provider, metadata);
  const shortLived = await token();
  await provider.use(first);
  const pair = await Pair.start(provider.issuer);
  // The servers accept it for another minute, since clocks differ, and cache that verdict.
  for (const server of pair.servers) await server.ask("/protected", shortLived);
  await pair.check("no token", ANONYMOUS);
  const old = await token();
  await pair.check("client credentials", good, old);
  for (const [name, forged] of Object.entries(forgeries(old))) await pair.check(name, REFUSED, forged);
  await pair.check("for another audience", REFUSED, await token(OTHER));
  const login = await codeFlow(metadata, "orders", (url) => provider.logIn(url));
  // Here `sub` is not the username.
  const { sub } = decoded(login.access_token.split(".")[1]);
  await pair.check("authorization code", accepted(sub), login.access_token);
  await pair.check("its ID token", REFUSED, login.id_token);

  return async () => {
    section(`Glewlwyd ${version}, later`);
    await pair.becomes("expired", REFUSED, good, shortLived);
    await pair.check("a token that has not expired", good, old);
    await provider.use(kinds.Ed25519);
    const current = await token();
    await pair.becomes("a token of a new key", good, REFUSED, current);
    await pair.check("a token of the withdrawn key", REFUSED, old);
    await provider.stop();
    await pair.check("a token of the new key in an outage", good, current);
    await pair.stop();
  };
}

// Each server adds one.
process.setMaxListeners(0);
mkdirSync(work, { recursive: true });
for (const name of [...Object.values(SERVERS), "glewlwyd"]) rmSync(join(work, `${name}.log`), { force: true });
// Ends the servers, too.
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
try {
  const later = await withGlewlwyd();
  await withPanva();
  await withOpaqueTokens();
  await later();
} catch (error) {
  failed += 1;
  console.log(`FAILED ${error.stack}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
