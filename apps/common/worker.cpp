#include "apps/common/worker.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>

#include "apps/common/hand.h"
#include "apps/common/supervisor.h"
#include "sys/process.h"

namespace paraph::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr milliseconds kRescan =
    seconds(5);  // inotify misses nothing we know of; a network file system would
constexpr milliseconds kShortest = seconds(1);  // after a failure, doubling
constexpr milliseconds kLongest = seconds(60);
constexpr milliseconds kOnePass =
    seconds(2);  // then the spool is looked at again: something more urgent may have come
constexpr std::size_t kService = 20'000;  // mails of one process

SteadyTime now() {
  return std::chrono::steady_clock::now();
}

/// A pause that doubles.
struct Pause {
  milliseconds length{0};
  SteadyTime until{};
  void extend() {
    length = std::clamp(length * 2, kShortest, kLongest);
    until = now() + length;
  }
  [[nodiscard]] bool over() const { return now() >= until; }
};

/// What one pass over the pending names came to.
struct Pass {
  std::size_t ended = 0;
  std::size_t put_off = 0;  ///< suspects that are not due yet
  std::size_t waiting = 0;
  bool cut_short = false;  ///< there is more
};

class Worker {
 public:
  Worker(Runtime& runtime, Station& station, bool once)
      : runtime_(runtime), station_(station), once_(once) {}

  /// `patient`: suspects wait for their time.
  Result<Pass> pass(bool patient) {
    // Before the look at the spool: what comes with it, and kills, is not forgotten for want of a name.
    const auto suspected = is_first_worker() ? suspected_names() : std::set<std::string>();
    auto names = station_.pending();
    if (!names) return std::move(names).error();
    forget_others(*names);
    for (const auto& name : suspected)  // a person dropped it, or put it aside
      if (std::find(names->begin(), names->end(), name) == names->end()) absolve(name);
    Pass pass;
    const auto until = now() + kOnePass;
    for (const auto& name : *names) {
      if (sys::stop_requested() || !transport_.over()) break;
      const auto waits = waits_.find(name);
      if (waits != waits_.end() && !waits->second.over()) {
        ++pass.waiting;
        continue;
      }
      take(name, patient, pass);
      if (station_.full()) settle(pass);
      if (now() < until) continue;
      pass.cut_short = true;
      break;
    }
    settle(pass);
    return pass;
  }

  [[nodiscard]] bool transport_down() const { return !transport_.over(); }
  [[nodiscard]] std::size_t ended() const { return ended_; }

  /// Until something that waits is due again.
  [[nodiscard]] milliseconds until_due(const Pass& pass) const {
    if (pass.cut_short) return milliseconds(0);
    auto soonest = now() + (pass.put_off > 0 ? kShortest : kRescan);
    if (transport_down()) return std::chrono::ceil<milliseconds>(transport_.until - now());
    for (const auto& [name, pause] : waits_) soonest = std::min(soonest, pause.until);
    return std::max(milliseconds(10), std::chrono::ceil<milliseconds>(soonest - now()));
  }

  /// Until something is tried again that waited for the machine.
  [[nodiscard]] std::optional<milliseconds> until_next_try() const {
    std::optional<SteadyTime> soonest;
    if (transport_down()) {
      soonest = transport_.until;
    } else {
      for (const auto& [name, pause] : waits_)
        if (!soonest || pause.until < *soonest) soonest = pause.until;
    }
    if (!soonest) return std::nullopt;
    return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(*soonest - now()));
  }

 private:
  void take(const std::string& name, bool patient, Pass& pass) {
    auto job = station_.claim(name);
    if (!job) {
      runtime_.ports().log.write(sys::Level::error, "waits",
                                 {{"file", name}, {"reason", job.error().what()}});
      wait(name, pass);
      return;
    }
    if (!*job) return;  // another worker has it
    await_count(name);
    if (sys::stop_requested()) return;
    const std::string label = (*job)->label();
    const auto verdict = verdict_on(name, label);
    if (verdict.kind == Verdict::not_yet && patient) {
      ++pass.put_off;
      return;
    }
    const bool singly = settles_singly();
    if (singly) settle(pass);  // what came before is not this one's
    take_in_hand(label);
    Took took = Took::ended;
    if (verdict.kind == Verdict::condemned) {
      took = (*job)->condemn(verdict.reason);
    } else {
      crash_if_poisoned(label);
      took = (*job)->run();
    }
    if (took == Took::gathered) gathered_.push_back(name);
    if (singly) end_gathered(pass);
    take_in_hand({});
    conclude(name, took, pass);
  }

  void settle(Pass& pass) {
    if (gathered_.empty()) return;
    if (gathered_.size() > 1) {
      const Settling settling;
      return end_gathered(pass);
    }
    take_in_hand(gathered_.front());
    end_gathered(pass);
    take_in_hand({});
  }

  void end_gathered(Pass& pass) {
    for (const auto& name : gathered_) crash_if_poisoned("settling " + name);
    gathered_.clear();
    for (const auto& [name, took] : station_.settle()) conclude(name, took, pass);
  }

  void conclude(const std::string& name, Took took, Pass& pass) {
    if (took == Took::gathered) return;
    if (took == Took::transport_down) {
      transport_.extend();
      return wait(name, pass);  // so that the next try begins with another one
    }
    transport_ = Pause{};
    if (took == Took::waits) return wait(name, pass);
    absolve(name);
    waits_.erase(name);
    ++pass.ended;
    ++ended_;
  }

  void wait(const std::string& name, Pass& pass) {
    auto& pause = waits_[name];
    pause.extend();
    if (once_) pause.until = SteadyTime::max();  // or there is no end
    ++pass.waiting;
  }

  void forget_others(const std::vector<std::string>& names) {
    if (waits_.empty()) return;
    const std::set<std::string_view> known(names.begin(), names.end());
    for (auto it = waits_.begin(); it != waits_.end();)
      it = known.count(it->first) == 0 ? waits_.erase(it) : std::next(it);
  }

  Runtime& runtime_;
  Station& station_;
  bool once_;
  std::map<std::string, Pause> waits_;
  std::vector<std::string> gathered_;  ///< ended, not yet settled
  Pause transport_;
  std::size_t ended_ = 0;
};

struct Place {
  std::unique_ptr<Runtime> runtime;
  std::unique_ptr<Station> station;
};

Result<Place> open(const Daemon& daemon, const config::Site& site) {
  crash_if_poisoned("a worker that starts");
  auto runtime = Runtime::open(site, daemon.program, sys::Level::info);
  if (!runtime) return std::move(runtime).error();
  auto station = daemon.open(**runtime);
  if (!station) return std::move(station).error();
  return Place{std::move(*runtime), std::move(*station)};
}

int cannot_begin(const Daemon& daemon, const Error& error) {
  say_last_words(error.advice());
  return complain(daemon.program, error);
}

}  // namespace

int work_once(const Daemon& daemon, const config::Site& site) {
  auto place = open(daemon, site);
  if (!place) return cannot_begin(daemon, place.error());
  report_ready();
  Worker worker(*place->runtime, *place->station, true);
  place->station->idle(is_first_worker());
  for (bool patient = true; !sys::stop_requested();) {
    const auto pass = worker.pass(patient);
    if (!pass) return complain(daemon.program, pass.error());
    if (worker.transport_down()) break;
    // The suspects last: they must not keep the others from their turn.
    if (pass->ended > 0 || pass->cut_short) continue;
    if (!patient || pass->put_off == 0) break;
    patient = false;
  }
  return kOk;
}

int work_forever(const Daemon& daemon, const config::Site& site) {
  auto place = open(daemon, site);
  if (!place) return cannot_begin(daemon, place.error());
  sys::DirectoryWatch watch(daemon.watched(place->runtime->site()));
  report_ready();
  Worker worker(*place->runtime, *place->station, false);
  Pause trouble;
  while (!sys::stop_requested()) {
    if (sys::take_reload_request() || worker.ended() > kService || place->runtime->replaced())
      return kAgain;
    take_in_hand({});  // for the watchers: it moves
    place->station->idle(is_first_worker());
    const auto pass = worker.pass(true);
    if (!pass) {
      complain(daemon.program, pass.error());
      trouble.extend();
    } else {
      trouble = Pause{};
    }
    if (sys::stop_requested()) break;
    show_next_try(worker.until_next_try());
    const Waiting waiting;
    watch.wait(pass ? worker.until_due(*pass) : trouble.length);
  }
  return kOk;
}

}  // namespace paraph::app
