import { AGServerSocket } from "../server-socket.ts";

// What `socketcluster-server/serversocket` is: the class itself, also for `require`.
export { AGServerSocket, AGServerSocket as default, AGServerSocket as "module.exports" };
