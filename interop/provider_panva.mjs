// oidc-provider (npm), on loopback. See oidc.mjs.

import { createHash, generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { errors, Provider } from "oidc-provider";

// It warns each time that some defaults are for development only.
console.info = console.warn = () => {};

/** Of access tokens, in seconds: longer than anything here takes, and less than an hour (see `anHourAgo`). */
const LIFETIME = 1800;

/** A private key as the provider takes it, named as it is published. */
export function newKey(kind, options = {}) {
  const { privateKey } = generateKeyPairSync(kind, options);
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID() };
}

export const newRsaKey = () => newKey("rsa", { modulusLength: 2048 });

/** A provider that can be stopped, started again at the same address, and given other keys while it runs. */
export class PanvaProvider {
  /** When the key set was last requested, by `performance.now()`, and how often. */
  keysAskedAt = -Infinity;
  keysAsked = 0;
  /** What access tokens are signed with. */
  algorithm = "RS256";
  /** What access tokens are: `jwt` or `opaque`. */
  format = "jwt";
  /** How often the introspection endpoint was asked. */
  introspections = 0;
  /** Another secret than hex, since id and secret are form-encoded in Basic. */
  apiSecret = `${randomBytes(32).toString("hex")}+:%/`;
  #apiKey = generateKeyPairSync("ec", { namedCurve: "P-256" });
  #audiences;
  #redirect;
  #secret = randomBytes(32).toString("hex");
  #port = 0;

  constructor(audiences, redirect) {
    this.#audiences = audiences;
    this.#redirect = redirect;
  }

  /** Listens on a free port at first, and on the same one from then on. */
  async start() {
    this.server = createServer((request, response) => {
      if (request.url === "/jwks") {
        this.keysAskedAt = performance.now();
        this.keysAsked += 1;
      }
      if (request.url === "/token/introspection") this.introspections += 1;
      this.#handler(request, response);
    });
    this.server.listen(this.#port, "127.0.0.1");
    await once(this.server, "listening");
    this.#port = this.server.address().port;
    this.issuer = `http://127.0.0.1:${this.#port}`;
  }

  /** Refuses connections from then on, like a provider that is down. */
  async stop() {
    const closed = once(this.server, "close");
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  /** Publishes these keys and no others. The first one that fits an algorithm signs. */
  publish(keys) {
    const provider = new Provider(this.issuer, this.#configuration(keys));
    provider.on("server_error", (_, error) => console.log(`oidc-provider: ${error.stack}`));
    this.#handler = provider.callback();
  }

  #handler = (_, response) => response.writeHead(503).end();

  #configuration(keys) {
    const getResourceServerInfo = (_, resource) => {
      if (!this.#audiences.includes(resource)) throw new errors.InvalidTarget();
      const jwt = { sign: { alg: this.algorithm } };
      return { audience: resource, scope: "orders:read", accessTokenFormat: this.format, accessTokenTTL: LIFETIME, jwt };
    };
    const api = { client_secret: this.apiSecret, grant_types: [], response_types: [], redirect_uris: [] };
    const { kty, crv, x, y } = this.#apiKey.publicKey.export({ format: "jwk" });
    // As `ClientAssertions::jwks` has it: named by its thumbprint (RFC 7638).
    const kid = createHash("sha256").update(JSON.stringify({ crv, kty, x, y })).digest("base64url");
    const jwks = { keys: [{ kty, crv, x, y, kid }] };
    return {
      clients: [
        { ...api, client_id: "api-basic", token_endpoint_auth_method: "client_secret_basic" },
        { ...api, client_id: "api-post", token_endpoint_auth_method: "client_secret_post" },
        { ...api, client_id: "api-signed", introspection_signed_response_alg: "RS256" },
        {
          ...api,
          client_secret: undefined,
          client_id: "api-key",
          token_endpoint_auth_method: "private_key_jwt",
          token_endpoint_auth_signing_alg: "ES256",
          jwks,
        },
        {
          client_id: "machine",
          client_secret: this.#secret,
          grant_types: ["client_credentials"],
          response_types: [],
          redirect_uris: [],
        },
        {
          client_id: "app",
          application_type: "native",
          token_endpoint_auth_method: "none",
          redirect_uris: [this.#redirect],
        },
      ],
      cookies: { keys: [this.#secret] },
      jwks: { keys },
      features: {
        clientCredentials: { enabled: true },
        encryption: { enabled: true },
        introspection: { enabled: true },
        jwtIntrospection: { enabled: true },
        revocation: { enabled: true },
        resourceIndicators: { enabled: true, getResourceServerInfo },
      },
    };
  }

  /** The private key of the client `api-key`, in PEM. */
  get apiKey() {
    return this.#apiKey.privateKey.export({ type: "pkcs8", format: "pem" });
  }

  /** The form that revokes a token of the client. */
  revocation(token) {
    return { client_id: "machine", client_secret: this.#secret, token };
  }

  /** The form that asks for a token for the client itself. */
  clientCredentials(audience) {
    const client = { client_id: "machine", client_secret: this.#secret };
    return { ...client, grant_type: "client_credentials", resource: audience, scope: "orders:read" };
  }
}
