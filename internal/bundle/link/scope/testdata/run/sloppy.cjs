// Old code in functions, as in modules that esbuild has wrapped: with, direct
// eval, functions in blocks, var in catch clauses, arguments.
var output = [];
function print(value) { output.push(String(value)); }

(function (outerValue, otherValue) {
  var settings = { outerValue: "from the object", missing: undefined };
  with (settings) {
    print(outerValue);
    print(otherValue);
    var declaredInside = "declared";
    (function (innerValue) { print(innerValue + outerValue + declaredInside); })("inner ");
  }
  print(declaredInside);
})("from the parameter", "other");

(function (secretValue) {
  var hiddenValue = 7;
  function inner(anotherValue) {
    var localValue = 3;
    return eval("secretValue + hiddenValue + anotherValue + localValue");
  }
  print(inner(10));
  var indirect = eval;
  print(indirect("typeof secretValue"));
  eval("var addedByEval = 'added'");
  print(addedByEval);
})(100);

(function () {
  var firstName = "first";
  {
    function blockFunction() { return "block function"; }
    print(blockFunction());
  }
  print(firstName);
  print(typeof blockFunction);
  if (true) function conditional() { return "conditional"; }
  print(conditional());
  switch (1) { case 1: function inSwitch() { return "in switch"; } }
  print(inSwitch());
})();

(function () {
  var captured = "outer";
  function reader() { return captured; }
  {
    function unrelatedName() { return 1; }
    unrelatedName();
  }
  print(reader());
})();

(function (caught) {
  try { throw "thrown"; }
  catch (caught) { var caught = "written to the parameter"; print(caught); }
  print(caught);
})("the argument");

(function (mapped) {
  arguments[0] = "through arguments";
  print(mapped);
  var arguments = [mapped];
  print(arguments[0]);
})("direct");

(function self(self) { print(self); })("the parameter replaces the name");
(function () {
  var let = 1, yield = 2, async = 3, of = 4, await = 5, static = 6;
  print(let + yield + async + of + await + static);
  label: for (var counter = 0; ; counter++) {
    for (;;) { if (counter > 2) break label; continue label; }
  }
  print(counter);
})();
console.log(output.join("\n"));
