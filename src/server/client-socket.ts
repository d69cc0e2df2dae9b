/** What a connection needs of its WebSocket; `ws` is what it is made of. */
export interface ClientSocket {
  readonly readyState: number;
  readonly isPaused: boolean;
  pause?(): void;
  resume?(): void;
  on(event: "close", listener: () => void): unknown;
  close(code?: number, reason?: string): void;
  terminate(): void;
}

/**
 * Says goodbye on a WebSocket. One that cannot, of an application's engine, is cut off: the client must not stay when
 * the server counts it as gone.
 */
export function part(
  ws: ClientSocket,
  failed: (error: unknown) => void,
  code?: number,
  reason?: string,
): void {
  try {
    ws.close(code, reason);
  } catch (error) {
    failed(error);
    ws.terminate();
    return;
  }
  // Its goodbye must be heard, which comes after all that it said while it was not read.
  if (ws.isPaused) ws.resume?.();
}
