/** What clients publish on the channel `chat`. */
export interface NewMessage {
  from: string;
  text: string;
}

/** What subscribers of `chat` get: the worker adds the time. */
export interface Message extends NewMessage {
  /** Milliseconds since 1970, by the clock of the worker it was published on. */
  at: number;
}

/** What goes over the connections: with it, a wrong name or wrong data do not pass `npm run types`. */
export interface App {
  channels: { chat: Message };
  procedures: { recent: { answer: Message[] } };
}
