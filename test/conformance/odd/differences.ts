/** Where our server differs from the original on purpose. */
export interface Difference {
  readonly reason: string;
  /** Names of calls, as in calls.ts. */
  readonly calls: readonly string[];
  /** Names of values, as in values.ts. */
  readonly values: readonly string[];
}

const PROTO = "__proto__name";
const NO_TEXT = "object without prototype";
const UNREADABLE = ["throwing getter", "throwing toJSON", "proxy"];
const UNWRITABLE = ["1n", "cycle", "throwing getter", "throwing toJSON"];
const NO_CODES = [
  ...["5", "1n", "true", "text", PROTO, "symbol", "function", "array", "object", NO_TEXT, "date", "error"],
  ...["buffer", "array buffer", "typed array", "throwing getter", "throwing toJSON", "cycle", "proxy"],
];
const NOTHING = ["undefined", "null", "0", "NaN", "empty text"];
const ALL = [...NOTHING, ...NO_CODES];

export const DIFFERENCES: readonly Difference[] = [
  {
    reason: "A name such as __proto__ is one as any other; there it is a part of every object",
    calls: [
      ...["server.hasMiddleware(odd)", "server.clients[odd]", "socket.isSubscribed(odd)"],
      ...["socket.closeReceiver(odd)", "socket.killProcedure(odd)", "socket.getReceiverBackpressure(odd)"],
      ...["exchange.subscribe(odd)", "exchange.channel(odd)", "exchange.getChannelState(odd)"],
      ...["exchange.closeChannel(odd)", "exchange.getChannelBackpressure(odd)"],
      ...["closed server: exchange.subscribe(odd)"],
    ],
    values: [PROTO],
  },
  {
    reason: "What is only looked up need be no text: it is not found; there it throws",
    calls: [
      ...["server.hasMiddleware(odd)", "socket.isSubscribed(odd)"],
      ...["socket.closeReceiver(odd)", "socket.getReceiverBackpressure(odd)"],
    ],
    values: [NO_TEXT, "proxy"],
  },
  {
    reason: "A code that is no number closes with 4008; there it throws, and the client stays",
    calls: ["socket.disconnect(odd)", "socket.disconnect(odd, text)"],
    values: NO_CODES,
  },
  {
    reason: "A reason that is no text is left out; there some throw, and the client stays",
    calls: ["socket.disconnect(4100, odd)"],
    values: ["null", "array", "typed array", "proxy"],
  },
  {
    reason: "Who transmits waits for nothing: what goes wrong is a warning; there it ends the process",
    calls: ['socket.transmit("#publish", odd)'],
    values: ["null", "proxy"],
  },
  {
    reason: "As before; there it ends the process",
    calls: ["closed socket.transmit(odd)"],
    values: ["symbol", NO_TEXT, "proxy"],
  },
  {
    reason: "A call by a name that is no text ends in a timeout; there it ends the process",
    calls: ["socket.invoke(odd)"],
    values: ["symbol", NO_TEXT, "proxy"],
  },
  {
    reason: "Only the option `binary` is looked at; there all are copied",
    calls: ['socket.send("text", odd)'],
    values: ["throwing getter"],
  },
  {
    reason: "Resolves with nothing; there with a list of nothings",
    calls: ["socket.kickOut(odd)", "closed socket.kickOut(odd)"],
    values: NOTHING,
  },
  { reason: "As before", calls: ['socket.kickOut("news", odd)'], values: ALL },
  {
    reason: "A failed kickOut is a warning, too, and ends no process that does not wait for it",
    calls: ["socket.kickOut(odd)", "closed socket.kickOut(odd)"],
    values: NO_CODES,
  },
  {
    reason: "A token that cannot be copied is a warning, too",
    calls: ["socket.setAuthToken(odd)", "closed socket.setAuthToken(odd)"],
    values: ["throwing getter", "cycle", "proxy"],
  },
  {
    reason: "A channel's name is a text: what else is given counts as its text; there it goes out as it is",
    calls: ["exchange.transmitPublish(odd)", "exchange.invokePublish(odd)"],
    values: UNWRITABLE,
  },
  {
    reason: "A channel whose name has no text is a warning for who waits for nothing; there it rejects",
    calls: ["exchange.transmitPublish(odd)"],
    values: [NO_TEXT],
  },
  {
    reason: "A channel whose name has no text is refused; there it is a warning, and resolves",
    calls: ["exchange.invokePublish(odd)"],
    values: ["proxy"],
  },
  {
    reason:
      "A publish that cannot be written is rejected to who waits for it; there it is a warning, and resolves",
    calls: [
      ...['exchange.invokePublish("news", odd)', "channel.invokePublish(odd)"],
      ...['closed server: exchange.invokePublish("news", odd)'],
    ],
    values: ["1n", "cycle", ...UNREADABLE],
  },
  {
    reason: "Ours has options, and reads them; there the third argument means nothing",
    calls: ['exchange.invokePublish("news", 1, odd)'],
    values: ["proxy"],
  },
  {
    reason: "A symbol counts as its text; there it throws",
    calls: ["exchange.subscribe(odd)", "closed server: exchange.subscribe(odd)"],
    values: ["symbol"],
  },
  {
    reason: "Closing twice is the same as once; there it rejects",
    calls: ["closed server.close(odd)"],
    values: ALL,
  },
];
