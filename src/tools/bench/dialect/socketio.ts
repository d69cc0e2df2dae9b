import { CALL, errorText, numberBefore } from "./calls.ts";
import type { Dialect, Heard } from "./dialect.ts";

const PING = 0x32;
const MESSAGE = 0x34;
const ACK = 0x33;
const OPENING_BRACKET = 0x5b;

/**
 * Version 4 of Socket.IO over a WebSocket, with an application that knows three events: `subscribe` (room) and
 * `publish` (room, data), both acknowledged, and to those in the room `publish` ({channel, data}).
 */
export const socketIo: Dialect = {
  path: "/socket.io/?EIO=4&transport=websocket",
  pong: "3",

  hello: () => undefined,

  subscribe: (channel, call) => `42${call}${JSON.stringify(["subscribe", channel])}`,

  publication: (channel) => ({ before: `42${CALL}["publish",${JSON.stringify(channel)},`, after: "]" }),

  isPing: (bytes, start, end) => end - start === 1 && bytes[start] === PING,

  acknowledged(bytes, start) {
    if (bytes[start] !== MESSAGE || bytes[start + 1] !== ACK) return -1;
    return numberBefore(bytes, start + 2, OPENING_BRACKET);
  },

  read(text, token) {
    const heard = readPacket(text, token);
    return heard === undefined ? [] : [heard];
  },
};

function readPacket(text: string, token: string | undefined): Heard | undefined {
  const [, type = "", id = "", json = ""] = /^(0|1|2|40|41|42|43|44)(\d*)(.*)$/s.exec(text) ?? [];
  switch (type) {
    case "0":
      return { kind: "asked", answer: token === undefined ? "40" : `40${JSON.stringify({ token })}` };
    case "40":
      return { kind: "welcome", complaint: undefined };
    case "42":
      return readEvent(JSON.parse(json));
    case "43":
      return { kind: "answer", call: Number(id), error: undefined };
    case "1":
    case "41":
      return { kind: "rejected", reason: "disconnected by the server" };
    case "44":
      return { kind: "rejected", reason: `connection refused: ${errorText(JSON.parse(json))}` };
    case "2":
      return undefined;
    default:
      throw new SyntaxError("not a packet of Socket.IO");
  }
}

function readEvent(event: unknown): Heard | undefined {
  const [name, data] = Array.isArray(event) ? event : [];
  if (name !== "publish") return undefined;
  return { kind: "delivery", channel: data?.channel, data: data?.data };
}
