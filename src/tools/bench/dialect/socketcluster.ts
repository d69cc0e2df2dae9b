import { CALL, errorText, numberBefore } from "./calls.ts";
import type { Dialect, Heard } from "./dialect.ts";

const HANDSHAKE_CALL = 1;
const RID = Buffer.from('{"rid":');
const CLOSING_BRACE = 0x7d;

/** Version 2 of the SocketCluster protocol. */
export const socketCluster: Dialect = {
  path: "/socketcluster/",
  pong: "",

  hello: (token) =>
    JSON.stringify({ event: "#handshake", data: { authToken: token ?? null }, cid: HANDSHAKE_CALL }),

  subscribe: (channel, call) => JSON.stringify({ event: "#subscribe", data: { channel }, cid: call }),

  publication: (channel) => ({
    before: `{"event":"#publish","data":{"channel":${JSON.stringify(channel)},"data":`,
    after: `},"cid":${CALL}}`,
  }),

  isPing: (_bytes, start, end) => start === end,

  acknowledged(bytes, start, end) {
    if (bytes.compare(RID, 0, RID.length, start, Math.min(end, start + RID.length)) !== 0) return -1;
    const number = numberBefore(bytes, start + RID.length, CLOSING_BRACE);
    // Anything behind the number would be data or an error.
    return bytes[end - 1] === CLOSING_BRACE && end - start - RID.length <= 16 ? number : -1;
  },

  read(text, token) {
    const said: unknown = JSON.parse(text);
    const packets = Array.isArray(said) ? said : [said];
    return packets.flatMap((packet) => readPacket((packet ?? {}) as Packet, token) ?? []);
  },
};

interface Packet {
  readonly rid?: unknown;
  readonly error?: unknown;
  readonly event?: unknown;
  readonly data?: {
    readonly isAuthenticated?: unknown;
    readonly authError?: unknown;
    readonly channel?: unknown;
    readonly data?: unknown;
    readonly message?: unknown;
  } | null;
}

function readPacket({ rid, error, event, data }: Packet, token: string | undefined): Heard | undefined {
  if (typeof rid === "number") {
    const refused = error === undefined || error === null ? undefined : errorText(error);
    if (rid !== HANDSHAKE_CALL) return { kind: "answer", call: rid, error: refused };
    if (refused !== undefined) return { kind: "rejected", reason: `handshake refused: ${refused}` };
    const isRefused = token !== undefined && data?.isAuthenticated !== true;
    return {
      kind: "welcome",
      complaint: isRefused ? `token refused: ${errorText(data?.authError)}` : undefined,
    };
  }
  switch (event) {
    case "#publish":
      return { kind: "delivery", channel: data?.channel, data: data?.data };
    case "#kickOut":
      return { kind: "rejected", reason: `kicked out of a channel: ${String(data?.message)}` };
    default:
      return undefined;
  }
}
