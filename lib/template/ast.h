#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// What a template means, ready to be walked.
namespace paraph::tt2 {

struct Expr;

/// One step of a.b.c(args): a fixed name, or one computed by "$x" or "${…}".
struct Step {
  std::string name;
  std::vector<Expr> computed;  ///< none, or the one expression that yields the name
  std::vector<Expr> arguments;
};

struct Expr {
  enum class Kind : std::uint8_t {
    text,     ///< `text`
    join,     ///< the pieces of "…", or operands of `_`: `parts`
    path,     ///< `steps`
    logic,    ///< parts[0] ops[0] parts[1] …, left to right
    compare,  ///< the same with == != < > <= >=
    negate,   ///< parts[0]
    choose,   ///< parts[0] ? parts[1] : parts[2]
    list,     ///< parts
    hash,     ///< parts: key, value, key, value …
  };
  Kind kind = Kind::text;
  std::size_t line = 1;
  std::string text;
  std::vector<Expr> parts;
  std::vector<std::string> ops;
  std::vector<Step> steps;
};

struct Filter {
  std::string name;
  std::vector<Expr> arguments;
  std::size_t line = 1;
};

struct Node;
using Block = std::vector<Node>;

struct Branch {
  Expr condition;  ///< of CATCH: unused
  bool negated = false;
  bool always = false;  ///< ELSE
  Block body;
};

struct Node {
  enum class Kind : std::uint8_t {
    text,      ///< `text`
    get,       ///< `value`
    set,       ///< target = value
    fallback,  ///< DEFAULT target = value
    call,      ///< value, its text thrown away
    capture,   ///< target = BLOCK … END: `body`
    branch,    ///< IF, UNLESS: `branches`
    loop,      ///< FOREACH target = value: `body`; without target the item's keys become variables
    process,   ///< PROCESS value: `body` holds the assignments
    include,   ///< the same with variables of its own
    insert,    ///< INSERT value
    attempt,   ///< TRY `body` CATCH branches[0].body
    filtered,  ///< body | filters
    define,    ///< BLOCK text … END: `body`
  };
  Kind kind = Kind::text;
  std::size_t line = 1;
  std::string text;
  Expr target;
  Expr value;
  std::vector<Filter> filters;
  std::vector<Branch> branches;
  Block body;
};

struct Template {
  std::string path;
  Block body;
};

}  // namespace paraph::tt2
