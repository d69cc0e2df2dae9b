declare module "socketcluster-client" {
  const socketClusterClient: { create(options: Readonly<Record<string, unknown>>): unknown };
  export = socketClusterClient;
}
