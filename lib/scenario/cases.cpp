#include "scenario/cases.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/utf8.h"
#include "scenario/parser.h"
#include "scenario/suggest.h"
#include "scenario/words.h"

namespace paraph::scenario {
namespace {

constexpr std::size_t kMaxCases = 100'000;
constexpr std::string_view kSender = "someone@example.org";
constexpr std::array kEveryMethod{AuthMethod::smtp, AuthMethod::md5, AuthMethod::smime};
constexpr TimePoint kNow{std::chrono::seconds(1'700'000'000)};

struct Sample {
  std::string_view word;
  std::string_view octets;
};
constexpr std::array kSamples{
    Sample{"plain",
           "From: someone@example.org\r\nTo: list@example.org\r\nSubject: plain\r\n"
           "Content-Type: text/plain\r\n\r\nHello\r\n"},
    Sample{
        "multi",
        "From: someone@example.org\r\nTo: list@example.org\r\nSubject: multi\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
        "Hello\r\n--b\r\nContent-Type: application/octet-stream\r\n"
        "Content-Disposition: attachment\r\n\r\nx\r\n--b--\r\n"},
    Sample{"bcc",
           "From: someone@example.org\r\nTo: other@example.net\r\nSubject: bcc\r\n"
           "Content-Type: text/plain\r\n\r\nHello\r\n"}};

/// One line, before it is multiplied out.
struct CaseLine {
  std::vector<std::string> people;
  std::vector<AuthMethod> methods;
  std::vector<std::string> mails = {"none"};
  Supposition supposed;
  RuleAction expected;
};

bool fail(Remarks& remarks, std::size_t column, std::string message) {
  remarks.push_back({column, std::move(message)});
  return false;
}

// Up to a blank; 'quoted text' whole.
std::string_view take_piece(Cursor& cursor) {
  cursor.skip_space();
  if (cursor.take('\'')) {
    const auto text = cursor.take_while([](char c) { return c != '\''; });
    cursor.take('\'');
    return text;
  }
  return cursor.take_while([](char c) { return !ascii::is_wsp(c); });
}

bool read_people(Cursor& cursor, CaseLine& line, Remarks& remarks) {
  const std::size_t column = cursor.column();
  const auto text = take_piece(cursor);
  for (const auto who : ascii::split(text, ",")) {
    if (who == "*") {
      for (const auto word : role_words()) line.people.emplace_back(word);
      continue;
    }
    std::string roles(who);
    std::replace(roles.begin(), roles.end(), '+', ',');
    if (const auto known = parse_roles(roles); !known)
      return fail(remarks, column, known.error().what());
    line.people.push_back(std::move(roles));
  }
  return !line.people.empty() || fail(remarks, column, "a case is WHO METHODS -> ACTION");
}

bool read_methods(Cursor& cursor, CaseLine& line, Remarks& remarks) {
  cursor.skip_space();
  const std::size_t column = cursor.column();
  for (const auto word : ascii::split(take_piece(cursor), ",")) {
    const auto method = method_from(word);
    if (word == "*")
      line.methods.assign(kEveryMethod.begin(), kEveryMethod.end());
    else if (method)
      line.methods.push_back(*method);
    else
      return fail(remarks, column,
                  fmt::format("\"{}\" is no method{}", utf8::printable(word, 40),
                              did_you_mean(word, method_words())));
  }
  return !line.methods.empty() || fail(remarks, column, "no methods: write smtp,md5,smime or *");
}

bool read_setting(std::string_view setting, std::size_t column, CaseLine& line, Remarks& remarks) {
  if (ascii::istarts_with(setting, "mail=")) {
    line.mails.clear();
    for (const auto word : ascii::split(setting.substr(5), ",")) {
      if (!sample_mail(word).known)
        return fail(remarks, column, "mail is one of none, plain, multi, bcc");
      line.mails.emplace_back(word);
    }
    return true;
  }
  if (ascii::istarts_with(setting, "at=")) {
    line.supposed.at = parse_time(setting.substr(3));
    return line.supposed.at || fail(remarks, column, "at= takes a time, ISO 8601 or epoch");
  }
  const auto set = line.supposed.set(setting);
  return set || fail(remarks, column, set.error().what());
}

bool read_line(Cursor& cursor, CaseLine& line, Remarks& remarks) {
  cursor.skip_space();
  if (!read_people(cursor, line, remarks) || !read_methods(cursor, line, remarks)) return false;
  for (;;) {
    cursor.skip_space();
    if (cursor.take("->")) break;
    if (cursor.at_end()) return fail(remarks, cursor.column(), "the case has no \"-> ACTION\"");
    const std::size_t column = cursor.column();
    if (!read_setting(take_piece(cursor), column, line, remarks)) return false;
  }
  cursor.skip_space();
  const auto action = parse_action(cursor, remarks);
  if (action) line.expected = *action;
  return action.has_value();
}

void multiply(const CaseLine& line, const Place& place, std::vector<Case>& out) {
  for (const auto& who : line.people)
    for (const auto method : line.methods)
      for (const auto& mail : line.mails) {
        if (out.size() >= kMaxCases) return;
        auto& one = out.emplace_back(Case{place, who, method, mail, line.supposed, line.expected});
        one.supposed.roles = *parse_roles(who);
        one.supposed.variables.try_emplace("sender", 1, std::string(kSender));
      }
}

}  // namespace

SampleMail sample_mail(std::string_view word) {
  static const auto trees = [] {
    std::vector<mail::MimeTree> out;
    for (const auto& sample : kSamples)
      out.push_back(mail::scan(mail::RawMessage(std::string(sample.octets))));
    return out;
  }();
  for (std::size_t i = 0; i < kSamples.size(); ++i)
    if (kSamples[i].word == word) return {true, &trees[i]};
  return {word == "none", nullptr};
}

Result<std::vector<Case>> parse_cases(std::string_view text, const std::string& path) {
  std::vector<Case> cases;
  Place place{path, 0, 1};
  for (const auto whole : ascii::lines(text)) {
    ++place.line;
    const auto content = ascii::trim_right(whole.substr(0, whole.find('#')));
    if (ascii::trim(content).empty()) continue;
    Cursor cursor(content);
    CaseLine line;
    Remarks remarks;
    if (!read_line(cursor, line, remarks))
      return Error::never(Errc::config,
                          fmt::format("{}:{}:{}: {}", path, place.line, remarks.front().column,
                                      remarks.front().message))
          .with_hint("a case is: member,owner smime -> do_it");
    multiply(line, place, cases);
  }
  return cases;
}

Decision run_case(const Case& what, const Scenario& scenario) {
  const BareFacts bare({.message = sample_mail(what.mail).message, .now = kNow});
  return evaluate(scenario, what.method, SupposedFacts(what.supposed, bare));
}

}  // namespace paraph::scenario
