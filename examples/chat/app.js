import { verify } from "./people.js";
import { serveFiles } from "./web.js";

const ROOM = /^room\/([a-z]+)$/;

/** Chat rooms for those who may be there. @param {{ server: import("sccluster").AGServer, http: import("node:http").Server }} worker */
export default function chat({ server, http }) {
  // One key for all workers: who logged in on one of them may come back to another.
  const { AUTH_KEY } = process.env;
  if (AUTH_KEY) {
    server.signatureKey = AUTH_KEY;
    server.verificationKey = AUTH_KEY;
  }
  http.on("request", serveFiles);
  server.setMiddleware(server.MIDDLEWARE_INBOUND, decide);
  answerLogins(server);
  partWithThoseWhoLogOut(server);
}

/** What one client sends, in order. The token was signed by us, so what is in it can be believed. */
async function decide(actions) {
  for await (const action of actions) {
    if (action.type !== action.SUBSCRIBE && action.type !== action.PUBLISH_IN) {
      action.allow();
      continue;
    }
    const { authToken } = action.socket;
    const [, room] = ROOM.exec(action.channel) ?? [];
    if (authToken === null) action.block(refusal("NotLoggedInError", "Log in first"));
    else if (!authToken.rooms.includes(room))
      action.block(refusal("NotYourRoomError", "This room is not yours"));
    else if (action.type === action.SUBSCRIBE) action.allow();
    else decideMessage(action, authToken.name);
  }
}

/** Who it is from is not the client's to say. */
function decideMessage(action, from) {
  const text = action.data?.text;
  if (typeof text === "string" && text.trim() !== "" && text.length <= 1000) {
    action.allow({ data: { from, text, at: Date.now() } });
  } else {
    action.block(refusal("BadMessageError", "A message has a text of up to 1000 characters"));
  }
}

async function answerLogins(server) {
  for await (const { socket } of server.listener("connection")) answerLoginsOf(socket);
}

async function answerLoginsOf(socket) {
  // One after the other: guessing passwords is no faster for asking more at a time.
  for await (const request of socket.procedure("login")) {
    const person = await verify(request.data?.name, request.data?.password);
    if (person === undefined) {
      request.error(refusal("LoginError", "Wrong name or password"));
      continue;
    }
    await socket.setAuthToken(person, { expiresIn: 3600 });
    request.end(person);
  }
}

/** Also those whose token has run out. */
async function partWithThoseWhoLogOut(server) {
  for await (const { socket } of server.listener("deauthentication")) socket.kickOut(undefined, "Logged out");
}

/** Clients get the name and the message of an error. */
function refusal(name, message) {
  return Object.assign(new Error(message), { name });
}
