/** Which way bytes go on a connection: `up` from the side that dialled, `down` back to it. */
export type Direction = "up" | "down";

/** What a network, or a process at its end, can do to a connection besides working. */
export type Fault =
  /** Connections break with a reset, and new ones are reset as soon as they are there. */
  | { readonly kind: "cut" }
  /** Connections stay up and nothing passes, not even their end. What waits passes afterwards. */
  | { readonly kind: "stall" }
  /** Bytes are taken and never handed on. A connection that has lost some is reset when the fault ends. */
  | { readonly kind: "swallow" }
  /** Everything takes so much longer, by chance up to `jitterMs` more. Order stays. */
  | { readonly kind: "delay"; readonly ms: number; readonly jitterMs: number }
  /** No more than so many bytes a second. */
  | { readonly kind: "throttle"; readonly bytesPerSecond: number };

/** A fault, and what it is for. */
export interface Rule {
  readonly fault: Fault;
  /** Absent: both ways. A cut knows no direction. */
  readonly direction?: Direction | undefined;
  /** Only connections that this process dialled. Absent: all. */
  readonly dialler?: string | undefined;
}

/** What is to happen to bytes that go one way on one connection. */
export interface Weather {
  readonly stalled: boolean;
  readonly swallowed: boolean;
  readonly delayMs: number;
  readonly jitterMs: number;
  /** `Infinity`: as many as come. */
  readonly bytesPerSecond: number;
}

export const FAIR: Weather = {
  stalled: false,
  swallowed: false,
  delayMs: 0,
  jitterMs: 0,
  bytesPerSecond: Infinity,
};

/** Whether a rule is about connections of this process. */
export function concerns({ dialler }: Rule, from: string | undefined): boolean {
  return dialler === undefined || dialler === from;
}

/** Whether connections of this process are cut. */
export function isCut(rules: readonly Rule[], from: string | undefined): boolean {
  return rules.some((rule) => rule.fault.kind === "cut" && concerns(rule, from));
}

/** Several rules at a time add up: delays to a longer one, throttles to the narrowest. */
export function weatherOf(rules: readonly Rule[], from: string | undefined, direction: Direction): Weather {
  return rules
    .filter((rule) => concerns(rule, from) && (rule.direction ?? direction) === direction)
    .reduce((weather, { fault }) => worsened(weather, fault), FAIR);
}

function worsened(weather: Weather, fault: Fault): Weather {
  switch (fault.kind) {
    case "cut":
      return weather;
    case "stall":
      return { ...weather, stalled: true };
    case "swallow":
      return { ...weather, swallowed: true };
    case "delay":
      return {
        ...weather,
        delayMs: weather.delayMs + fault.ms,
        jitterMs: weather.jitterMs + fault.jitterMs,
      };
    case "throttle":
      return { ...weather, bytesPerSecond: Math.min(weather.bytesPerSecond, fault.bytesPerSecond) };
  }
}
