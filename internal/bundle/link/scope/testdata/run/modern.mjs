const output = [];
const print = (...values) => output.push(values.join(" "));

function defaults(first, second = () => first, { third = first, ...others } = {}) {
  var first = "reassigned";
  return [first, second(), third, Object.keys(others)].join();
}
print(defaults("original", undefined, { other: 1 }));

const outside = "outside";
function scopes(parameter = outside) {
  var outside = "inside";
  return parameter + outside;
}
print(scopes());

class Shape {
  static #count = 0;
  #name;
  static total = () => Shape.#count;
  static { const name = "shape"; Shape.kind = name; }
  constructor(name) { this.#name = name; Shape.#count++; }
  get name() { return this.#name; }
  static is(value) { return #name in value; }
  async *numbers(limit) { for (let index = 0; index < limit; index++) yield index; }
}
const Square = class Named extends Shape { self() { return Named === Square; } };
const square = new Square("square");
print(square.name, Shape.total(), Shape.kind, Shape.is(square), Shape.is({}), square.self());

for await (const value of square.numbers(2)) print("number", value);

const closures = [];
for (let index = 0; index < 3; index++) closures.push(() => index);
print(closures.map(closure => closure()));

let { length, [length]: indexed = "none", ...rest } = "abc";
print(length, indexed, Object.keys(rest));
let left = 1, right = 2;
[left, right] = [right, left];
({ left, right: [right = left] } = { left: left + 1, right: [] });
print(left, right);

const tag = (strings, ...values) => strings.raw.join("|") + values;
print(tag`a${left}b${`c${right}d`}\n`);
print(/[/]\/(?<name>x)/u.test("//x"), /^[\w--[aeiou]]$/v.test("x"), 4 / 2 / 1, 1_000n ** 2n);

outer: for (const item of [1, 2, 3]) {
  inner: for (const other of [1, 2, 3]) {
    if (other === 2) continue outer;
    if (item === 3) break outer;
    print(item, other);
  }
}

const async = async (value, other = value) => { await null; return value + other; };
print(await async("v"), await (async value => value)("w"));
const object = { async, get length() { return left; }, set length(value) { left = value; }, of: right };
object.length = 9;
print(object.length, typeof object.async, object.of);

function* generator(of) { const received = yield of; print("received", received); yield* [of, received]; }
const iterator = generator("of");
print(iterator.next().value, iterator.next("sent").value, iterator.next().value);

try { print(missing); let missing; } catch (error) { print(error.name); }
try { throw { message: "m" }; } catch ({ message, detail = () => message }) { let message2 = detail(); print(message, message2); }
switch (left) { case 9: let scoped = "scoped"; default: print(scoped); }
{ let scoped = "block"; { function scoped2() { return scoped; } print(scoped2()); } }
print((function recursive(n) { return n ? n * recursive(n - 1) : 1; })(5));
print(((a, b) => (c, d = a) => [a, b, c, d])(1, 2)(3));
let chain; chain ??= { deep: { method() { return this === chain.deep; } } };
print(chain?.deep?.["method"]?.(), chain?.missing?.deep.er);
console.log(output.join("\n"));
