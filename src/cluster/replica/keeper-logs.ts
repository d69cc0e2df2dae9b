import { BadEntryError } from "../../link/entries.ts";
import type { Epoch } from "../../pubsub/version.ts";
import type { Copy } from "../peer/log-transfer.ts";
import type { LogEvents, Port } from "../peer/port.ts";
import type { Holder } from "./holder.ts";

/** What a member that owns nothing does with what others say of logs: it keeps copies, and hands them over. */
export class KeeperLogs implements LogEvents {
  readonly holder: Holder;

  constructor(holder: Holder) {
    this.holder = holder;
  }

  offered(..._: Parameters<LogEvents["offered"]>): void {
    owns("offered");
  }

  done(..._: Parameters<LogEvents["done"]>): void {
    owns("done");
  }

  /** What an owner asked for has come there. */
  copied(..._: Parameters<LogEvents["copied"]>): void {}

  recopy(..._: Parameters<LogEvents["recopy"]>): void {
    owns("recopy");
  }

  pulled(from: Port, channel: string): void {
    this.holder.pulled(from, channel);
  }

  begun(from: Port, channel: string, epoch: Epoch, last: number): void {
    this.holder.begun(from, channel, epoch, last);
  }

  sequence(from: Port, channel: string, origin: string, sequence: number): void {
    this.holder.sequence(from, channel, origin, sequence);
  }

  copy(from: Port, channel: string, copy: Copy): void {
    this.holder.copy(from, channel, copy);
  }

  ended(from: Port, channel: string, next: number): void {
    this.holder.follow(from, this.holder.arrived(from, channel, next));
  }

  keep(from: Port, channel: string, next: number): void {
    this.holder.keep(from, channel, next);
  }

  drop(from: Port, channel: string): void {
    this.holder.drop(from, channel);
  }

  canary(from: Port): void {
    this.holder.canary(from);
  }

  settled(from: Port): void {
    this.holder.settled(from);
  }
}

/** Said to owners only. */
function owns(entry: string): never {
  throw new BadEntryError(`"${entry}" is said to somebody who owns nothing`);
}
