import { attach } from "../broker-client.ts";

export type { ClusterClient, ClusterClientEvents, ClusterClientOptions } from "../broker-client.ts";
export { attach };

// What `import sccBrokerClient from "scc-broker-client"` gives those who write it so.
export default { attach };
