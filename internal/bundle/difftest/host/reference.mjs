// Runs plain modules, many graphs in one process: a line of JSON {id, entry, steps} in, a line {id, trace} or
// {id, error} out. A style sheet `x.css` has been laid down as the module `x.css.mjs`, which calls __style("x").
import { createInterface } from "node:readline";
import "./prelude.js";

process.on("unhandledRejection", (e) => globalThis.__t("unhandled rejection", e));

let styles = [];
globalThis.__css = () => styles;
globalThis.__style = (name) => styles.push(name);

const { __drive: drive, __reset: reset } = globalThis;
const { parse, stringify } = JSON;

for await (const line of createInterface({ input: process.stdin })) {
  const { id, entry, steps } = parse(line);
  styles = [];
  reset();
  let answer;
  try {
    answer = { id, trace: await drive(await import(entry), steps) };
  } catch (e) {
    answer = { id, error: String((e && e.stack) || e) };
  }
  process.stdout.write(stringify(answer) + "\n");
}
