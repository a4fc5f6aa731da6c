// Glewlwyd (C, from Debian), on loopback. See oidc.mjs.
//
// Its tokens need no option of the verifier. `typ` is `at+jwt`, and with the plugin's `resource-allowed` `aud` is the
// requested resource. Without it, `aud` is the list of scopes.

import { spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";

/** A new key in PEM, as the plugin takes it. Its public JWK passes `wanted`. */
export function newPemKey(type, size, kind, options, wanted = () => true) {
  for (;;) {
    const { publicKey, privateKey } = generateKeyPairSync(kind, options);
    if (!wanted(publicKey.export({ format: "jwk" }))) continue;
    const key = privateKey.export({ type: "pkcs8", format: "pem" });
    const cert = publicKey.export({ type: "spki", format: "pem" });
    return { "jwt-type": type, "jwt-key-size": size, key, cert };
  }
}

/** A provider with one plugin, whose name is `oidc`. */
export class Glewlwyd {
  #secret = randomBytes(32).toString("hex");
  #cookie = "";

  /** `root` is where the package was unpacked, `log` a file. */
  static async start(root, log, audiences, redirect, until) {
    const glewlwyd = new Glewlwyd();
    await glewlwyd.#run(root, log, until);
    await glewlwyd.#logInAs("admin", "password");
    const unprotected = { password_required: false, scheme: {} };
    await glewlwyd.#call("POST", "/scope", { name: "orders", display_name: "Orders", ...unprotected });
    const client = { scope: ["orders"], enabled: true };
    await glewlwyd.#call("POST", "/client", {
      ...client,
      client_id: "machine",
      confidential: true,
      client_secret: glewlwyd.#secret,
      authorization_type: ["client_credentials"],
      token_endpoint_auth_method: ["client_secret_post"],
    });
    await glewlwyd.#call("POST", "/client", {
      ...client,
      client_id: "app",
      confidential: false,
      authorization_type: ["code"],
      redirect_uri: [redirect],
      token_endpoint_auth_method: ["none"],
    });
    const alice = { username: "alice", password: glewlwyd.#secret, scope: ["g_profile", "openid", "orders"] };
    await glewlwyd.#call("POST", "/user", { ...alice, enabled: true });
    glewlwyd.audiences = audiences;
    return glewlwyd;
  }

  async #run(root, log, until) {
    const work = mkdtempSync(join(tmpdir(), "auth-glewlwyd-"));
    const database = join(work, "glewlwyd.sqlite");
    const schema = gunzipSync(readFileSync(join(root, "usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz")));
    const created = new DatabaseSync(database);
    created.exec(schema.toString());
    created.close();
    const port = await freePort();
    const modules = join(root, "usr/lib/glewlwyd");
    const config = join(work, "glewlwyd.conf");
    writeFileSync(
      config,
      `port=${port}
bind_address="127.0.0.1"
external_url="http://127.0.0.1:${port}"
log_mode="console"
user_module_path="${modules}/user"
user_middleware_module_path="${modules}/user_middleware"
client_module_path="${modules}/client"
user_auth_scheme_module_path="${modules}/scheme"
plugin_module_path="${modules}/plugin"
hash_algorithm="SHA512"
database = { type = "sqlite3" path = "${database}" };
`,
    );
    this.process = spawn(join(root, "usr/bin/glewlwyd"), [`--config-file=${config}`]);
    this.ended = new Promise((resolve) => this.process.on("close", resolve));
    for (const stream of [this.process.stdout, this.process.stderr]) stream.pipe(createWriteStream(log, { flags: "a" }));
    process.on("exit", () => {
      this.process.kill("SIGKILL");
      rmSync(work, { recursive: true, force: true });
    });
    this.api = `http://127.0.0.1:${port}/api`;
    this.issuer = `${this.api}/oidc`;
    await until("Glewlwyd listens", async () => {
      if (this.process.exitCode !== null || this.process.signalCode !== null) throw new Error(`Glewlwyd has ended: see ${log}`);
      return fetch(`${this.api}/auth`, { method: "HEAD" }).then(() => true, () => false);
    });
  }

  async #call(method, path, body) {
    const headers = { "content-type": "application/json", cookie: this.#cookie };
    const response = await fetch(this.api + path, { method, headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`Glewlwyd answered ${response.status} to ${method} ${path}: ${text}`);
    return response;
  }

  /** Makes later calls in this person's session. */
  async #logInAs(username, password) {
    this.#cookie = "";
    const response = await this.#call("POST", "/auth", { username, password });
    this.#cookie = response.headers.getSetCookie().map((field) => field.split(";")[0]).join("; ");
  }

  /** Signs with this key from then on, and publishes no other. */
  async use(key, settings = {}) {
    await this.#logInAs("admin", "password");
    const parameters = {
      iss: this.issuer,
      "access-token-duration": 1800,
      "refresh-token-duration": 600,
      "code-duration": 600,
      "refresh-token-rolling": false,
      "allow-non-oidc": true,
      "auth-type-client-enabled": true,
      "auth-type-code-enabled": true,
      "auth-type-refresh-enabled": true,
      "pkce-allowed": true,
      "resource-allowed": true,
      "resource-scope": { orders: this.audiences },
      "jwks-show": true,
      ...key,
      ...settings,
    };
    const plugin = { module: "oidc", name: "oidc", display_name: "oidc", enabled: true, parameters };
    if (this.inUse) await this.#call("DELETE", "/mod/plugin/oidc");
    await this.#call("POST", "/mod/plugin", plugin);
    this.inUse = true;
  }

  /** The form that asks for a token for the client itself. */
  clientCredentials(audience) {
    const client = { client_id: "machine", client_secret: this.#secret };
    return { ...client, grant_type: "client_credentials", resource: audience, scope: "orders" };
  }

  /** Logs alice in and consents, with the calls of Glewlwyd's pages. Returns the parameters of the redirect. */
  async logIn(url) {
    await this.#logInAs("alice", this.#secret);
    await this.#call("PUT", "/auth/grant/app", { scope: "openid orders" });
    url.searchParams.set("g_continue", "");
    const response = await fetch(url, { redirect: "manual", headers: { cookie: this.#cookie } });
    return new URL(response.headers.get("location") ?? "about:blank").searchParams;
  }

  async stop() {
    this.process.kill("SIGTERM");
    await this.ended;
  }
}

/** Glewlwyd does not say which port it gets for port 0. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
