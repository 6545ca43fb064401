#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "template/template.h"

using namespace paraph;
using namespace paraph::tt2;

namespace {

using Files = std::map<std::string, std::string>;

Data sample() {
  return {
      {"name", "Ann"},
      {"zero", "0"},
      {"list", Value::of(std::map<std::string, Value>{
                   {"name", "secure"},
                   {"total", "42"},
                   {"topics", Value::of(std::vector<Value>{"a", "b", "c"})}})},
      {"users", Value::of(std::vector<Value>{
                    Value::of(std::map<std::string, Value>{{"email", "a@example.org"}}),
                    Value::of(std::map<std::string, Value>{{"email", "b@example.org"}})})},
      {"nothing", Value::of(std::vector<Value>{})},
  };
}

Result<std::string> rendered(const std::string& text, const Files& files = {}) {
  const Loader loader = [&](std::string_view name) -> std::optional<Source> {
    if (name == "main") return Source{text, "main.tt2"};
    const auto found = files.find(std::string(name));
    if (found == files.end()) return std::nullopt;
    return Source{found->second, found->first};
  };
  return render("main", loader, sample());
}

std::string text_or_error(const Result<std::string>& result) {
  return result ? *result : "ERROR " + result.error().what();
}

/// `ours`: Template Toolkit has no such filter, or says less about what is wrong.
struct Row {
  const char *text, *expected;
  bool ours = false;
};

const Row kRows[] = {
    {"plain", "plain"},
    {"", ""},
    {"a[% name %]b", "aAnnb"},
    {"[% GET name %]", "Ann"},
    {"[% list.name %]/[% list.absent %]/[% absent.x.y %]", "secure//"},
    {"[% list.topics.1 %][% list.topics.-1 %][% list.topics.9 %]", "bc"},
    {"[% key = 'name' %][% list.$key %] [% list.${key} %]", "secure secure"},
    {"[%# comment %]x[%# a\nb -%]\ny", "xy"},
    {"[% name # to the end\n; name %]", "AnnAnn"},
    {"a\n  [%- name -%]  \nb", "aAnnb"},
    {"a \n\n [%~ name ~%] \n b", "aAnnb"},
    {"a \n [%= name =%] \n b", "a Ann b"},
    {"a\n[%+ name +%]\nb", "a\nAnn\nb"},
    {"x [%- name -%] y", "x Ann y"},
    {"[% IF name %]yes[% ELSE %]no[% END %]", "yes"},
    {"[% IF zero %]yes[% ELSIF absent %]maybe[% ELSE %]no[% END %]", "no"},
    {"[% IF nothing %]a list is true[% END %]", "a list is true"},
    {"[% UNLESS absent %]no[% END %]", "no"},
    {"[% name IF list.total == 42 %][% name UNLESS 1 %]", "Ann"},
    {"[% IF name == 'Ann' && list.total > 41 %]1[% END %]", "1"},
    {"[% IF name != 'Ann' || list.total >= 42 %]2[% END %]", "2"},
    {"[% IF not absent and (zero or name) %]3[% END %]", "3"},
    {"[% IF list.total < 5 %]a[% ELSIF list.total <= 42 %]b[% END %]", "b"},
    {"[% IF ! name == 'Bob' %]4[% END %]", ""},
    {"[% IF ! (name == 'Bob') %]4[% END %]", "4"},
    {"[% 'A' _ 'nn' == name %][% 0 && 0 || 5 %][% 1 || 0 && 0 %][% ! 0 _ 'x' %][% 1 < 2 == 1 %]",
     "1511x1"},
    {"[% IF name == 'Ann' AND NOT absent OR zero %]6[% END %]", "6"},
    {"[% absent || 'default' %] [% name && 'b' %]", "default b"},
    {"[% name ? 'y' : 'n' %]", "y"},
    {"[% name _ '-' _ list.name %]", "Ann-secure"},
    {"[% \"$name of ${list.name} costs \\$5\\n\" %]", "Ann of secure costs $5\n"},
    {"[% 'it''s' %]", "ERROR main.tt2:1: unexpected \"s\"", true},
    {"[% 'it\\'s $name' %]", "it's $name"},
    {"[% FOREACH x = list.topics %][% x %][% loop.count %]/[% loop.size %] [% END %]",
     "a1/3 b2/3 c3/3 "},
    {"[% FOREACH x IN list.topics %][% x UNLESS loop.last %][% loop.first %][% END %][% x %]",
     "a1b00c"},
    {"[% FOREACH x = [5, 6, 7] %][% kept = loop UNLESS kept %][% FOREACH y = [8] %]-[% END %][% "
     "END %][% kept.count %][% kept.first %]",
     "---11", true},
    {"[% FOREACH users %][% email %] [% END %][% email %]", "a@example.org b@example.org "},
    {"[% FOREACH u = users %][% u.email %][% IF loop.last %].[% ELSE %], [% END %][% END %]",
     "a@example.org, b@example.org."},
    {"[% h = { b => 2, a = 1 } %][% FOREACH e = h %][% e.key %]=[% e.value %];[% END %]",
     "a=1;b=2;"},
    {"[% FOREACH x = absent %]never[% END %][% FOREACH x = nothing %]never[% END %][% FOREACH x = "
     "'one' %][% x %][% END %]",
     "one"},
    {"[% FOREACH x = [1, 2 3] %][% FOREACH y = ['a'] %][% x _ y _ loop.count %][% END %][% "
     "loop.count %][% END %]",
     "1a112a123a13"},
    {"[% SET a = 1 b = 2 %][% a %][% b %][% c = 3 d = 4 %][% c %][% d %]", "1234"},
    {"[% a.b.c = 'deep' %][% a.b.c %][% list.name = 'changed' %][% list.name %]", "deepchanged"},
    {"[% DEFAULT name = 'x' other = 'y' %][% name %][% other %]", "Anny"},
    {"[% CALL name %]", ""},
    {"[% t = BLOCK %]<[% name %]>[% END %]([% t %])", "(<Ann>)"},
    {"[% t = IF name; 'set'; END %][% t %]", "set"},
    {"[% BLOCK part %][% x %]![% END %][% PROCESS part x = 'hi' %][% x %]", "hi!hi"},
    {"[% BLOCK part %][% x %]![% END %][% INCLUDE part x = 'hi' %][% x %]", "hi!"},
    {"[% PROCESS sub.tt2 who = name, n => 2 %]", "sub:Ann2"},
    {"[% PROCESS 'sub.tt2' %][% PROCESS \"${list.name}.tt2\" %]", "sub:secure file"},
    {"[% PROCESS dir/x-1.tt2 %]", "dashed", true},
    {"[% INSERT 'sub.tt2' %]", "sub:[% who %][% n %]", true},
    {"[% TRY %]a[% PROCESS nowhere %]b[% CATCH %]caught [% error.type %][% END %]c",
     "acaught filec"},
    {"[% TRY %][% INSERT nowhere %][% CATCH parse %]x[% CATCH file %]f[% END %]", "f"},
    {"[% TRY %]fine[% CATCH %]not[% END %]", "fine"},
    {"[% PROCESS nowhere %]", "ERROR main.tt2:1: there is no template nowhere", true},
    {"[% PROCESS '../secret' %]", "ERROR main.tt2:1: there is no template ../secret", true},
    {"[% INSERT '/etc/passwd' %]", "ERROR main.tt2:1: there is no template /etc/passwd", true},
    {"[% list.topics.size %][% list.topics.first %][% list.topics.last %][% list.topics.join('-') "
     "%]",
     "3aca-b-c"},
    {"[% name.length %][% name.size %][% list.size %]", "313"},
    {"[% IF name.match('\\S') %]y[% END %][% IF absent.match('\\S') %]n[% END %]", "y"},
    {"[% IF name.match('^A.*n$') %]y[% END %][% IF name.match('[0-9]+') %]n[% END %]", "y"},
    {"[% name.match('(a|b)') %]", "ERROR main.tt2:1: .match() understands", true},
    {"[%| loc('x', name) %]%1 and %2 and %3 100%[% END %]", "x and Ann and  100%", true},
    {"[% 'Hi %1' | loc(name) | upper %]", "HI ANN", true},
    {"[% FILTER lower %]ABC[% END %][% name FILTER upper %]", "abcANN"},
    {"[% '<a href=\"x\">&\\'' | html %]", "&lt;a href=&quot;x&quot;&gt;&amp;'"},
    {"[% '<\\'>' | xml %]", "&lt;&apos;&gt;"},
    {"[% 'a b/c~\xC3\xA4' | uri %]", "a%20b%2Fc~%C3%A4"},
    {"[% 'help' | url_abs(['x'], {a => 1}) %].", ".", true},
    {"[% 'ann@example.org' | mailtourl({ subject => 'sub s', body => 'x@y' }) %]",
     "mailto:ann@example.org?body=x%40y&subject=sub%20s", true},
    {"[% 'nomail' | optdesc('reception') %]/[% 'other' | optdesc('reception') %]", "no mail/other",
     true},
    {"[% 'Ann' | mailbox('a@example.org') %]", "Ann <a@example.org>", true},
    {"[% 'Dr. Ann' | mailbox('a@example.org', 'list') %]", "\"Dr. Ann\" (list) <a@example.org>",
     true},
    {"[% '' | mailbox('a@example.org') %]", "a@example.org", true},
    {"[% FILTER wrap('* ', '  ', 12) %]one two three four[% END %]", "* one two\n  three four",
     true},
    {"[% | wrap('', '', 72) %]a\n\nb\n[% END %]", "a\n\nb\n", true},
    {"[% | indent(2) %]a\nb\n[% END %]", "  a\n  b\n"},
    {"[% '  a  b ' | collapse %]|[% ' a ' | trim %]", "a b|a"},
    {"[% 'abcdef' | truncate(5) %]", "ab..."},
    {"[% name | shout %]", "ERROR main.tt2:1: unknown filter shout", true},
    {"\n\n[% IF x %]", "ERROR main.tt2:3: this IF has no END", true},
    {"\n[% END %]", "ERROR main.tt2:2: END without the block", true},
    {"a\n[% name", "ERROR main.tt2:2: this [% has no %]", true},
    {"[% 'x %]", "ERROR main.tt2:1: this quote is never closed", true},
    {"[% name + %]", "ERROR main.tt2:1: unexpected \"+\"", true},
    {"[% a = %]", "ERROR main.tt2:1: something is missing", true},
    {"[% FOREACH x = %][% END %]", "ERROR main.tt2:1: something is missing", true},
    {"[% \"${\" %]", "ERROR main.tt2:1: this ${ has no }", true},
    {"[% \"${a b}\" %]", "ERROR main.tt2:1: unexpected \"b\" in a string", true},
    {"[% list.topics.0 = 1 %]", "ERROR main.tt2:1: an item of a list", true},
};

const Files kFiles{
    {"sub.tt2", "sub:[% who %][% n %]"}, {"secure.tt2", "secure file"}, {"dir/x-1.tt2", "dashed"}};

}  // namespace

TEST_CASE("what templates say") {
  for (const auto& [text, expected, ours] : kRows) {
    INFO(text);
    const std::string got = text_or_error(rendered(text, kFiles));
    if (std::string_view(expected).substr(0, 5) == "ERROR") {
      CHECK_THAT(got, Catch::StartsWith(expected));
    } else {
      CHECK(got == expected);
    }
  }
}

// The second witness: Perl's Template Toolkit renders the same rows to the same octets.
TEST_CASE("Template Toolkit agrees") {
  if (std::system("perl -MTemplate -e 1 >/dev/null 2>&1") != 0) {
    WARN("skipped: no Template Toolkit (apt-get install libtemplate-perl)");
    return;
  }
  const auto folder =
      std::filesystem::temp_directory_path() / ("paraph-tt2-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  {
    std::ofstream in(folder / "in", std::ios::binary);
    for (const auto& row : kRows)
      if (!row.ours) in << row.text << '\0';
  }
  const std::string command = "perl " PARAPH_SOURCE_DIR "/tests/unit/template/oracle.pl <" +
                              (folder / "in").string() + " >" + (folder / "out").string();
  CHECK(std::system(command.c_str()) == 0);
  std::ifstream out(folder / "out", std::ios::binary);
  for (const auto& row : kRows) {
    if (row.ours) continue;
    std::string theirs;
    REQUIRE(std::getline(out, theirs, '\0'));
    INFO(row.text);
    CHECK(theirs == row.expected);
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("a header line cannot be broken by qencode") {
  const auto got = rendered("Subject: [% \"a\\nBcc: b@example.org\" | qencode %]");
  REQUIRE(got);
  CHECK(got->find('\n') == std::string::npos);
  const auto words = rendered("[% 'Gr\xC3\xBC\xC3\x9F' | qencode %]");
  CHECK_THAT(*words, Catch::StartsWith("=?") && Catch::EndsWith("?="));
}

TEST_CASE("hostile templates end with an error, not with the machine's memory") {
  const std::pair<const char*, const char*> rows[] = {
      {"[% PROCESS main %]", "templates nest more than 20 deep"},
      {"[% BLOCK a %][% PROCESS a %][% END %][% TRY %][% PROCESS a %][% CATCH %]caught[% END %]",
       "templates nest more than 20 deep"},
      {"[% l = [1,2,3,4,5,6,7,8,9,10] %][% FOREACH a=l;FOREACH b=l;FOREACH c=l;FOREACH d=l;FOREACH "
       "e=l;FOREACH f=l;FOREACH g=l;END;END;END;END;END;END;END %]",
       "1000000 turns"},
      {"[% l=[1,2,3,4,5,6,7,8,9,10]; t='xxxxxxxxxxxxxxxx'; FOREACH a=l; FOREACH b=l; t = t _ t; "
       "END; END %]",
       "octets of text"},
      {"[% l=[1,2,3,4,5,6,7,8,9,10]; t=['x']; FOREACH a=l; FOREACH b=l; t = [t, t]; END; END %]",
       "too much work"},
      {"[% l=[1,2,3,4,5,6,7,8,9,10]; t='%1%1%1%1%1%1%1%1'; FOREACH a=l; FOREACH b=l; u = BLOCK; t "
       "| loc(t); END; t = u; END; END %]",
       "octets of text"},
      {"[% l=[1,2,3,4,5,6,7,8,9,10]; h={}; FOREACH a=l; FOREACH b=l; h.x = h; END; END %]",
       "nest too deeply"},
  };
  for (const auto& [text, expected] : rows) {
    INFO(text);
    const auto got = rendered(text);
    REQUIRE_FALSE(got);
    CHECK_THAT(got.error().what(), Catch::Contains(expected));
  }
  CHECK_THAT(text_or_error(rendered("[% " + std::string(5000, '(') + " %]")),
             Catch::Contains("nest too deeply"));
  CHECK_THAT(text_or_error(rendered("[% " + std::string(5000, '!') + "name %]")),
             !Catch::Contains("ERROR"));
  std::string ifs;
  for (int i = 0; i < 5000; ++i) ifs += "[% IF 1 %]";
  CHECK_THAT(text_or_error(rendered(ifs)), Catch::Contains("nest too deeply"));
  std::string assigned;
  for (int i = 0; i < 5000; ++i) assigned += "a = BLOCK; ";
  CHECK_THAT(text_or_error(rendered("[% " + assigned + "%]")), Catch::Contains("nest too deeply"));
  std::string chained = "[% 'a'";
  for (int i = 0; i < 50000; ++i) chained += " || 'a'";
  CHECK(text_or_error(rendered(chained + " %]")) == "a");
  CHECK_THAT(text_or_error(rendered(std::string(1024 * 1024 + 1, 'x'))),
             Catch::Contains("larger than"));
}

TEST_CASE("recursion of the deepest kind allowed stays on the stack") {
  std::string open, close;
  for (int i = 0; i < 28; ++i) open += "[% IF 1 %]", close += "[% END %]";
  const std::string text = open + "[% x = " + std::string(28, '[') + "1" + std::string(28, ']') +
                           " %][% PROCESS main %]" + close;
  CHECK_THAT(text_or_error(rendered(text)), Catch::Contains("templates nest more than 20 deep"));
}
