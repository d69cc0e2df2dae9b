import { BadEntryError } from "./entries.ts";
import type { EntryHandler } from "./read-entries.ts";

/**
 * A handler that understands nothing. An end of a link overrides what may be said to it; everything else is
 * a fault of the other side, which closes the link.
 */
export abstract class RefuseAll implements EntryHandler {
  hello(..._: Parameters<EntryHandler["hello"]>): void {
    foreign("hello");
  }
  ring(..._: Parameters<EntryHandler["ring"]>): void {
    foreign("ring");
  }
  version(..._: Parameters<EntryHandler["version"]>): void {
    foreign("version");
  }
  name(..._: Parameters<EntryHandler["name"]>): void {
    foreign("name");
  }
  origin(..._: Parameters<EntryHandler["origin"]>): void {
    foreign("origin");
  }
  beat(..._: Parameters<EntryHandler["beat"]>): void {
    foreign("beat");
  }
  parts(..._: Parameters<EntryHandler["parts"]>): void {
    foreign("parts");
  }
  publish(..._: Parameters<EntryHandler["publish"]>): void {
    foreign("publish");
  }
  confirm(..._: Parameters<EntryHandler["confirm"]>): void {
    foreign("confirm");
  }
  refuse(..._: Parameters<EntryHandler["refuse"]>): void {
    foreign("refuse");
  }
  subscribe(..._: Parameters<EntryHandler["subscribe"]>): void {
    foreign("subscribe");
  }
  unsubscribe(..._: Parameters<EntryHandler["unsubscribe"]>): void {
    foreign("unsubscribe");
  }
  epoch(..._: Parameters<EntryHandler["epoch"]>): void {
    foreign("epoch");
  }
  subscribed(..._: Parameters<EntryHandler["subscribed"]>): void {
    foreign("subscribed");
  }
  refuseSubscribe(..._: Parameters<EntryHandler["refuseSubscribe"]>): void {
    foreign("refuseSubscribe");
  }
  record(..._: Parameters<EntryHandler["record"]>): void {
    foreign("record");
  }
  own(..._: Parameters<EntryHandler["own"]>): void {
    foreign("own");
  }
  offer(..._: Parameters<EntryHandler["offer"]>): void {
    foreign("offer");
  }
  done(..._: Parameters<EntryHandler["done"]>): void {
    foreign("done");
  }
  pull(..._: Parameters<EntryHandler["pull"]>): void {
    foreign("pull");
  }
  log(..._: Parameters<EntryHandler["log"]>): void {
    foreign("log");
  }
  sequence(..._: Parameters<EntryHandler["sequence"]>): void {
    foreign("sequence");
  }
  copy(..._: Parameters<EntryHandler["copy"]>): void {
    foreign("copy");
  }
  end(..._: Parameters<EntryHandler["end"]>): void {
    foreign("end");
  }
  keep(..._: Parameters<EntryHandler["keep"]>): void {
    foreign("keep");
  }
  drop(..._: Parameters<EntryHandler["drop"]>): void {
    foreign("drop");
  }
  copied(..._: Parameters<EntryHandler["copied"]>): void {
    foreign("copied");
  }
  recopy(..._: Parameters<EntryHandler["recopy"]>): void {
    foreign("recopy");
  }
  settled(..._: Parameters<EntryHandler["settled"]>): void {
    foreign("settled");
  }
  allow(..._: Parameters<EntryHandler["allow"]>): void {
    foreign("allow");
  }
  canary(..._: Parameters<EntryHandler["canary"]>): void {
    foreign("canary");
  }
  canaryCopy(..._: Parameters<EntryHandler["canaryCopy"]>): void {
    foreign("canaryCopy");
  }
  canaryHeld(..._: Parameters<EntryHandler["canaryHeld"]>): void {
    foreign("canaryHeld");
  }
  canaryWaits(..._: Parameters<EntryHandler["canaryWaits"]>): void {
    foreign("canaryWaits");
  }
}

function foreign(entry: string): never {
  throw new BadEntryError(`"${entry}" is not said in this direction`);
}
