const UNTRUSTED =
  "nobody whom this process trusts has signed its certificate: set SCC_TLS_CA_FILE to the certificate of who has";

/** What to do about the ways a TLS connection can fail, by the code of Node.js and OpenSSL. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ["DEPTH_ZERO_SELF_SIGNED_CERT", UNTRUSTED],
  ["SELF_SIGNED_CERT_IN_CHAIN", UNTRUSTED],
  ["UNABLE_TO_GET_ISSUER_CERT", UNTRUSTED],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", UNTRUSTED],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", UNTRUSTED],
  ["CERT_SIGNATURE_FAILURE", UNTRUSTED],
  ["CERT_UNTRUSTED", UNTRUSTED],
  ["CERT_HAS_EXPIRED", "its certificate has expired: renew it there, or look at the clock here"],
  ["CERT_NOT_YET_VALID", "its certificate is not valid yet: look at the clocks of both machines"],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "its certificate is for other names: issue one with the address that is dialled as a subjectAltName, " +
      "or have a name dialled that it has (SCC_INSTANCE_IP, SCC_STATE_SERVER_HOST)",
  ],
  [
    "INVALID_PURPOSE",
    "its certificate is not for servers: leave extendedKeyUsage out, or list serverAuth and clientAuth",
  ],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "no TLS is spoken there: set SECURE alike on both sides"],
  ["ERR_SSL_PACKET_LENGTH_TOO_LONG", "no TLS is spoken there: set SECURE alike on both sides"],
]);

/** Failures of a connection without TLS to somebody who speaks it. */
const PERHAPS_TLS: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "HPE_INVALID_CONSTANT",
  "HPE_INVALID_VERSION",
]);

/**
 * What a failed connection means as far as TLS goes, and the remedy.
 *
 * @param isSecure whether TLS was tried
 * @returns undefined if it has nothing to do with TLS
 */
export function tlsAdvice(code: string | undefined, isSecure: boolean): string | undefined {
  if (code === undefined) return undefined;
  if (isSecure) return ADVICE.get(code);
  return PERHAPS_TLS.has(code)
    ? "if it speaks TLS, this process has to be told so: set SCC_STATE_SERVER_SECURE, SCC_BROKER_SERVER_SECURE alike"
    : undefined;
}
