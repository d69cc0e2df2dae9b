// As much of the SocketCluster protocol as a load needs, for servers that know nothing of it.

const PING = "";
const PING_EVERY_MS = 8000;
const PING_TIMEOUT_MS = 20_000;

let ids = 0;

/** The answer to a handshake. */
function welcome(call) {
  ids += 1;
  const data = { id: String(ids), pingTimeout: PING_TIMEOUT_MS, isAuthenticated: false };
  return JSON.stringify({ rid: call, data });
}

function acknowledgement(call) {
  return `{"rid":${call}}`;
}

/** What subscribers of a channel get. */
function publication({ channel, data }) {
  return JSON.stringify({ event: "#publish", data: { channel, data } });
}

module.exports = { PING, PING_EVERY_MS, welcome, acknowledgement, publication };
