import { AGAction } from "../action.ts";

// What `socketcluster-server/action` is: the class itself, also for `require`.
export { AGAction, AGAction as default, AGAction as "module.exports" };
