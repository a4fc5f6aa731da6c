// Signs the tokens that standard input asks for with jose. See `mint` in interop.py.

import { randomBytes, webcrypto } from "node:crypto";
import { createRequire } from "node:module";
import { json } from "node:stream/consumers";

// jose uses the Web Crypto globals, which Node has since version 20. Debian 12 has Node 18.
globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
const { SignJWT, errors, exportJWK, generateKeyPair } = await import("jose");

// Private keys as JWKs: unlike a CryptoKey, one RSA JWK signs with every RSA algorithm.
async function generate(alg) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { signing: await exportJWK(privateKey), jwk: await exportJWK(publicKey) };
}

const { algorithms, cases } = await json(process.stdin);
const keys = {};
const secrets = {};
const tokens = [];
for (const [alg, kind] of Object.entries(algorithms)) {
  let own, other;
  const header = { alg };
  if (kind === "secret") {
    secrets[alg] = randomBytes(64).toString("base64url");
    [own, other] = [new TextEncoder().encode(secrets[alg]), randomBytes(64)];
  } else {
    try {
      keys[kind] ??= { own: await generate(alg), other: await generate(alg) };
    } catch (error) {
      // There is no list of the supported algorithms to ask.
      if (error instanceof errors.JOSENotSupported) continue;
      throw error;
    }
    [own, other] = [keys[kind].own.signing, keys[kind].other.signing];
    header.kid = kind;
  }
  for (const [name, { claims, other_key }] of Object.entries(cases)) {
    const token = await new SignJWT(claims).setProtectedHeader(header).sign(other_key ? other : own);
    tokens.push({ alg, case: name, token });
  }
}

const program = `jose ${createRequire(import.meta.url)("jose/package.json").version}`;
const jwks = { keys: Object.entries(keys).map(([kid, { own }]) => ({ ...own.jwk, kid })) };
console.log(JSON.stringify({ program, jwks, secrets, tokens }));
