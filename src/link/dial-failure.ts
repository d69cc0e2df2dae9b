/**
 * Why there is no connection. `refused`: nobody listens there; `auth`: the key is not accepted, or the other side does
 * not prove that it holds it; `replaced`: another instance answers; `other`: no answer in time, no route, not our
 * protocol.
 */
export interface DialFailure {
  readonly kind: "refused" | "auth" | "replaced" | "other";
  readonly reason: string;
}
