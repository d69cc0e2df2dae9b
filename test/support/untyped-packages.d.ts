declare module "ag-simple-broker" {
  class AGSimpleBroker {
    subscribeSocket(client: unknown, channel: string): Promise<unknown>;
    unsubscribeSocket(client: unknown, channel: string): Promise<unknown>;
    invokePublish(channel: string, data: unknown): Promise<unknown>;
  }
  export = AGSimpleBroker;
}
