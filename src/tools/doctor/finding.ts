/** What one look at a cluster found. `text` says what is, `remedy` what to do about it. */
export interface Finding {
  /** What was looked at: "scc-state", "broker ws://10.0.0.3:8888". */
  readonly subject: string;
  /** `failure`: messages do not get where they should, or soon will not. `warning`: worth knowing. */
  readonly status: "ok" | "warning" | "failure";
  readonly text: string;
  readonly remedy?: string;
}

export function ok(subject: string, text: string): Finding {
  return { subject, status: "ok", text };
}

export function warning(subject: string, text: string, remedy: string): Finding {
  return { subject, status: "warning", text, remedy };
}

export function failure(subject: string, text: string, remedy: string): Finding {
  return { subject, status: "failure", text, remedy };
}
