// Verifies the tokens that standard input brings with jose. See `with_jose` in issuer.py.

import { webcrypto } from "node:crypto";
import { createRequire } from "node:module";
import { json } from "node:stream/consumers";

// jose uses the Web Crypto globals, which Node has since version 20. Debian 12 has Node 18.
globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
const { createLocalJWKSet, errors, jwtVerify } = await import("jose");

const { issuer, required, cases } = await json(process.stdin);
const results = [];
for (const { alg, jwks, secret, audience, token } of cases) {
  const key = secret ? new TextEncoder().encode(secret) : createLocalJWKSet(jwks);
  const options = { algorithms: [alg], issuer, audience, typ: "at+jwt", requiredClaims: required };
  try {
    const { payload, protectedHeader } = await jwtVerify(token, key, options);
    results.push({ header: protectedHeader, claims: payload });
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    results.push("refused");
  }
}

const { version } = createRequire(import.meta.url)("jose/package.json");
process.stdout.write(JSON.stringify({ program: `jose ${version}`, results }));
