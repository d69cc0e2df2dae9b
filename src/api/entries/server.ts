import { AGServer } from "../server.ts";

// What `socketcluster-server/server` is: the class itself, also for `require`.
export { AGServer, AGServer as default, AGServer as "module.exports" };
