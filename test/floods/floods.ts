import { setTimeout as after } from "node:timers/promises";
import type { Flood } from "./flood.ts";
import type { FloodSocket } from "./flood-socket.ts";

const MIB = 2 ** 20;
/** Small packets that go out in one write. */
const AT_A_TIME = 200;
const HANDSHAKE = '{"event":"#handshake","data":{},"cid":1}';
const PONG_EVERY_MS = 2000;

/** The floods that once ended a process, each over and over. */
export const FLOODS: readonly Flood[] = [
  {
    name: "subscribe",
    about: "subscribes to and leaves ever new channels",
    target: "worker",
    attack: (socket, id, signal) =>
      pour(socket, signal, (n) => [
        `{"event":"#subscribe","data":{"channel":"flood-${id}-${n}"},"cid":${n + 2}}`,
        `{"event":"#unsubscribe","data":"flood-${id}-${n}"}`,
      ]),
  },
  {
    name: "publish",
    about: "publishes to ever new channels",
    target: "worker",
    attack: (socket, id, signal) =>
      pour(socket, signal, (n) => [`{"event":"#publish","data":{"channel":"flood-${id}-${n}","data":${n}}}`]),
  },
  {
    name: "nested-upstream",
    about: "sends brokers packets of upstream's workers, nested 4,000 deep",
    target: "broker",
    attack: (socket, id, signal) =>
      pour(socket, signal, (n) => [upstreamPublish(id, n, "[".repeat(4000) + "]".repeat(4000))], 10),
  },
  {
    name: "entries-upstream",
    about: "sends brokers packets of upstream's workers, 4 MiB of messages that are 0",
    target: "broker",
    attack: (socket, id, signal) =>
      pour(socket, signal, (n) => [upstreamPublish(id, n, `${"0,".repeat(2 * MIB)}0`)], 1),
  },
  {
    name: "middleware",
    about: "500 small packets and 4 MiB of {} at a time, where middleware takes 5 ms for each packet",
    target: "worker",
    path: "/socketcluster/?middleware=5",
    attack: (socket, id, signal) => {
      const batch = `[${"{},".repeat((4 * MIB) / 3)}{}]`;
      const small = Array.from({ length: 500 }, (_, n) => `{"event":"note-${id}","data":${n}}`);
      return pour(socket, signal, () => [...small, batch], 1);
    },
  },
  {
    name: "batches",
    about: "1 MiB of {} at a time",
    target: "worker",
    attack: (socket, _, signal) => {
      const batch = `[${"{},".repeat((MIB - 16) / 3)}{}]`;
      return pour(socket, signal, () => [batch], 1);
    },
  },
  {
    name: "nested",
    about: "1 MiB of nested arrays at a time",
    target: "worker",
    attack: (socket, id, signal) => {
      const data = "[".repeat(MIB / 2 - 64) + "]".repeat(MIB / 2 - 64);
      return pour(
        socket,
        signal,
        () => [`{"event":"#publish","data":{"channel":"${id}","data":${data}}}`],
        1,
      );
    },
  },
  {
    name: "tokens",
    about: "batches of 10,000 #authenticate",
    target: "worker",
    attack: (socket, _, signal) => {
      const batch = `[${Array.from({ length: 10_000 }, () => '{"event":"#authenticate","data":"a.b.c"}').join()}]`;
      return pour(socket, signal, () => [batch], 1);
    },
  },
  {
    name: "calls",
    about: "calls a procedure that takes 100 ms",
    target: "worker",
    attack: (socket, _, signal) =>
      pour(socket, signal, (n) => [`{"event":"slow","data":${n},"cid":${n + 2}}`]),
  },
  {
    name: "transmissions",
    about: "transmits to a receiver that takes 100 ms",
    target: "worker",
    attack: (socket, _, signal) => pour(socket, signal, (n) => [`{"event":"slow-receiver","data":${n}}`]),
  },
  {
    name: "deaf",
    about:
      "20 connections that subscribe and read nothing but send pongs, while 64 KiB messages are published",
    target: "worker",
    connections: 21,
    attack: beDeaf,
  },
  {
    name: "foreign-upgrade",
    about: "asks another listener of the port for an upgrade, and resets the connection",
    target: "worker",
    path: "/foreign/",
    attack: async (socket) => {
      await after(5);
      socket.reset();
    },
  },
  {
    name: "unwritable",
    about: "makes the application publish what is no JSON, and close sockets for reasons that are no text",
    target: "worker",
    attack: (socket, _, signal) =>
      pour(socket, signal, (n) => [`{"event":"publish-cycle","cid":${n + 2}}`, '{"event":"leave-oddly"}'], 1),
  },
];

function upstreamPublish(id: string, n: number, messages: string): string {
  return `{"event":"#publish","data":{"channel":"flood-${id}","data":{"sender":null,"messages":[${messages}]}},"cid":${n + 2}}`;
}

/** Shakes hands, and then sends what `next` makes as fast as it is taken. @param times rounds in one write */
async function pour(
  socket: FloodSocket,
  signal: AbortSignal,
  next: (n: number) => string[],
  times = AT_A_TIME,
): Promise<void> {
  await socket.send(HANDSHAKE);
  for (let n = 0; socket.isOpen && !signal.aborted; ) {
    const messages: string[] = [];
    for (let round = 0; round < times; round += 1) messages.push(...next(n++));
    // An empty message is a pong: the server must not take the flood for dead.
    await socket.send("", ...messages);
  }
}

/** The first connection of a client publishes; the others take nothing of it. */
async function beDeaf(socket: FloodSocket, id: string, signal: AbortSignal): Promise<void> {
  await socket.send(HANDSHAKE);
  if (id.endsWith("-0")) {
    const message = `{"event":"#publish","data":{"channel":"deaf","data":"${"x".repeat(65_536)}"}}`;
    while (socket.isOpen && !signal.aborted) {
      await socket.send("", message);
      await after(500);
    }
    return;
  }
  await socket.send('{"event":"#subscribe","data":{"channel":"deaf"},"cid":2}');
  socket.deafen();
  while (socket.isOpen && !signal.aborted) {
    await socket.send("");
    await after(PONG_EVERY_MS);
  }
}
