import type { AGChannel, AGRequest, AGServer, AGServerSocket, Exchange } from "../../../src/api/index.ts";

/** What a call is made on: a server, one client's socket in it, and a request of that client. */
export interface Subject {
  readonly server: AGServer;
  readonly socket: AGServerSocket;
  readonly exchange: Exchange;
  /** `news`, to which the exchange is subscribed; as is the client. */
  readonly channel: AGChannel;
  readonly request: AGRequest;
}

type Call = (subject: Subject, odd: never) => unknown;

const SOON = { ackTimeout: 30 };

/** Calls with one odd value each. */
export const CALLS: Readonly<Record<string, Call>> = {
  "server.setMiddleware(odd, function)": ({ server }, odd) => server.setMiddleware(odd, () => {}),
  "server.removeMiddleware(odd)": ({ server }, odd) => server.removeMiddleware(odd),
  "server.hasMiddleware(odd)": ({ server }, odd) => server.hasMiddleware(odd),
  "server.emitError(odd)": ({ server }, odd) => server.emitError(odd),
  "server.emitWarning(odd)": ({ server }, odd) => server.emitWarning(odd),
  "server.clients[odd]": ({ server }, odd) => server.clients[odd] !== undefined,
  "socket.transmit(odd)": ({ socket }, odd) => socket.transmit(odd, 1),
  'socket.transmit("hi", odd)': ({ socket }, odd) => socket.transmit("hi", odd),
  'socket.transmit("#publish", odd)': ({ socket }, odd) => socket.transmit("#publish", odd),
  "socket.invoke(odd)": ({ socket }, odd) => socket.invoke(odd, 1, SOON),
  'socket.invoke("hi", odd)': ({ socket }, odd) => socket.invoke("hi", odd, SOON),
  "socket.send(odd)": ({ socket }, odd) => socket.send(odd),
  'socket.send("text", odd)': ({ socket }, odd) => socket.send("text", odd),
  "socket.sendObject(odd)": ({ socket }, odd) => socket.sendObject(odd),
  "socket.serializeObject(odd)": ({ socket }, odd) => socket.serializeObject(odd),
  "socket.encode(odd)": ({ socket }, odd) => socket.encode(odd),
  "socket.decode(odd)": ({ socket }, odd) => socket.decode(odd),
  "socket.disconnect(odd)": ({ socket }, odd) => socket.disconnect(odd),
  "socket.disconnect(odd, text)": ({ socket }, odd) => socket.disconnect(odd, "why"),
  "socket.disconnect(4100, odd)": ({ socket }, odd) => socket.disconnect(4100, odd),
  "socket.kickOut(odd)": ({ socket }, odd) => socket.kickOut(odd),
  'socket.kickOut("news", odd)': ({ socket }, odd) => socket.kickOut("news", odd),
  "socket.setAuthToken(odd)": ({ socket }, odd) => socket.setAuthToken(odd),
  "socket.setAuthToken({}, odd)": ({ socket }, odd) => socket.setAuthToken({}, odd),
  "socket.deauthenticate(odd)": ({ socket }, odd) => socket.deauthenticate(odd),
  "socket.isAuthTokenExpired(odd)": ({ socket }, odd) => socket.isAuthTokenExpired(odd),
  "socket.triggerAuthenticationEvents(odd)": ({ socket }, odd) => socket.triggerAuthenticationEvents(odd),
  "socket.isSubscribed(odd)": ({ socket }, odd) => socket.isSubscribed(odd),
  "socket.emitError(odd)": ({ socket }, odd) => socket.emitError(odd),
  "socket.receiver(odd)": ({ socket }, odd) => typeof socket.receiver(odd).next,
  "socket.procedure(odd)": ({ socket }, odd) => typeof socket.procedure(odd).next,
  "socket.listener(odd)": ({ socket }, odd) => typeof socket.listener(odd).next,
  "socket.closeReceiver(odd)": ({ socket }, odd) => socket.closeReceiver(odd),
  "socket.killProcedure(odd)": ({ socket }, odd) => socket.killProcedure(odd),
  "socket.getReceiverBackpressure(odd)": ({ socket }, odd) => socket.getReceiverBackpressure(odd),
  "socket.getReceiverConsumerStats(odd)": ({ socket }, odd) => socket.getReceiverConsumerStats(odd),
  "exchange.transmitPublish(odd)": ({ exchange }, odd) => exchange.transmitPublish(odd, 1),
  'exchange.transmitPublish("news", odd)': ({ exchange }, odd) => exchange.transmitPublish("news", odd),
  "exchange.invokePublish(odd)": ({ exchange }, odd) => exchange.invokePublish(odd, 1),
  'exchange.invokePublish("news", odd)': ({ exchange }, odd) => exchange.invokePublish("news", odd),
  'exchange.invokePublish("news", 1, odd)': ({ exchange }, odd) => exchange.invokePublish("news", 1, odd),
  "exchange.subscribe(odd)": ({ exchange }, odd) => exchange.subscribe(odd).state,
  "exchange.unsubscribe(odd)": ({ exchange }, odd) => exchange.unsubscribe(odd),
  "exchange.channel(odd)": ({ exchange }, odd) => exchange.channel(odd).state,
  "exchange.isSubscribed(odd)": ({ exchange }, odd) => exchange.isSubscribed(odd),
  'exchange.isSubscribed("news", odd)': ({ exchange }, odd) => exchange.isSubscribed("news", odd),
  "exchange.getChannelState(odd)": ({ exchange }, odd) => exchange.getChannelState(odd),
  "exchange.subscriptions(odd)": ({ exchange }, odd) => exchange.subscriptions(odd),
  "exchange.closeChannel(odd)": ({ exchange }, odd) => exchange.closeChannel(odd),
  "exchange.getChannelBackpressure(odd)": ({ exchange }, odd) => exchange.getChannelBackpressure(odd),
  "channel.transmitPublish(odd)": ({ channel }, odd) => channel.transmitPublish(odd),
  "channel.invokePublish(odd)": ({ channel }, odd) => channel.invokePublish(odd),
  "channel.closeListener(odd)": ({ channel }, odd) => channel.closeListener(odd),
  "channel.isSubscribed(odd)": ({ channel }, odd) => channel.isSubscribed(odd),
  "request.end(odd)": ({ request }, odd) => request.end(odd),
  "request.end(1, odd)": ({ request }, odd) => request.end(1, odd),
  "request.error(odd)": ({ request }, odd) => request.error(odd),
};

/** Calls on a socket that is closed already. */
export const CALLS_WHEN_CLOSED: Readonly<Record<string, Call>> = {
  'closed socket.transmit("hi", odd)': ({ socket }, odd) => socket.transmit("hi", odd),
  "closed socket.transmit(odd)": ({ socket }, odd) => socket.transmit(odd),
  'closed socket.invoke("hi", odd)': ({ socket }, odd) => socket.invoke("hi", odd, SOON),
  "closed socket.send(odd)": ({ socket }, odd) => socket.send(odd),
  "closed socket.sendObject(odd)": ({ socket }, odd) => socket.sendObject(odd),
  "closed socket.disconnect(odd)": ({ socket }, odd) => socket.disconnect(odd),
  "closed socket.kickOut(odd)": ({ socket }, odd) => socket.kickOut(odd),
  "closed socket.setAuthToken(odd)": ({ socket }, odd) => socket.setAuthToken(odd),
  "closed socket.deauthenticate(odd)": ({ socket }, odd) => socket.deauthenticate(odd),
  "closed request.end(odd)": ({ request }, odd) => request.end(odd),
  "closed request.error(odd)": ({ request }, odd) => request.error(odd),
};

/** Calls on a server that is closed already. */
export const CALLS_ON_CLOSED_SERVER: Readonly<Record<string, Call>> = {
  "closed server.close(odd)": ({ server }, odd) => server.close(odd),
  'closed server: exchange.invokePublish("news", odd)': ({ exchange }, odd) =>
    exchange.invokePublish("news", odd),
  'closed server: exchange.transmitPublish("news", odd)': ({ exchange }, odd) =>
    exchange.transmitPublish("news", odd),
  "closed server: exchange.subscribe(odd)": ({ exchange }, odd) => exchange.subscribe(odd).state,
};
