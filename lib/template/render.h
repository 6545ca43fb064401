#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "template/ast.h"
#include "template/template.h"
#include "template/value.h"

namespace paraph::tt2 {

/// Walks templates. The first failure is kept and ends every loop; TRY may clear it unless a limit
/// was hit.
class Renderer {
 public:
  Renderer(const Loader& loader, const Data& data);
  Result<std::string> run(std::string_view name);

 private:
  struct Failure {
    Error error;
    std::string type;  ///< "file" for what cannot be loaded, else "undef", as Template Toolkit says
    std::string info;
    bool catchable = true;
  };
  struct Named {
    const Block* body;
    std::shared_ptr<const Template> owner;
  };

  // statements
  void block(const Block& body, std::string& out);
  void node(const Node& node, std::string& out);
  void branch(const Node& node, std::string& out);
  void loop(const Node& node, std::string& out);
  void turn(const Node& node, const Value& item, const Ref& owner, std::string& out);
  void attempt(const Node& node, std::string& out);
  void filtered(const Node& node, std::string& out);
  void process(const Node& node, std::string& out);
  void insert(const Node& node, std::string& out);
  void assign(const Expr& target, Ref value);
  void register_blocks(const std::shared_ptr<const Template>& owner);
  std::shared_ptr<const Template> load(const std::string& name, std::size_t line);
  std::optional<Source> fetch(const std::string& name, std::size_t line);

  // expressions
  Ref evaluate(const Expr& expr);
  Ref path(const Expr& expr);
  Ref join(const Expr& expr);
  Ref logic(const Expr& expr);
  Ref compare(const Expr& expr);
  Ref list(const Expr& expr);
  Ref hash(const Expr& expr);
  Ref built(Value value, std::size_t line);
  std::string name_of(const Step& step);
  std::vector<Ref> all(const std::vector<Expr>& exprs);
  std::string text(const Expr& expr);

  bool spend(std::size_t work);
  void append(std::string& out, std::string_view text);
  void fail(std::size_t line, std::string_view what, std::string type = "undef");
  void limit(std::string_view what);
  [[nodiscard]] bool failed() const { return failure_.has_value(); }

  const Loader& loader_;
  std::map<std::string, Ref, std::less<>> variables_;
  std::map<std::string, std::shared_ptr<const Template>> templates_;
  std::map<std::string, Named> blocks_;
  std::shared_ptr<const Template> current_;
  std::optional<Failure> failure_;
  std::size_t work_ = 0;
  std::size_t turns_ = 0;
  std::size_t line_ = 1;
  int depth_ = 0;
};

}  // namespace paraph::tt2
