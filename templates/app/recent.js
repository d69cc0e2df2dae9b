/** @typedef {import("./types.js").App} App */
/** @typedef {import("./types.js").Message} Message */

const MOST = 50;

/**
 * Keeps the newest messages of a channel, whichever worker they were published on. A worker knows those since
 * its own start; what is to last belongs in a database.
 *
 * @param {import("sccluster").Exchange<App>} exchange
 * @param {keyof App["channels"]} channel
 * @returns {() => Message[]} the newest messages, oldest first
 */
export function recentMessages(exchange, channel) {
  /** @type {Message[]} */
  const messages = [];
  const keep = async () => {
    for await (const message of exchange.subscribe(channel)) {
      messages.push(message);
      if (messages.length > MOST) messages.shift();
    }
  };
  keep();
  return () => messages;
}
