#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>

#include "support/pki.h"
#include "sys/file_system.h"
#include "sys/kernel_random.h"
#include "sys/process.h"

using namespace paraph;
using namespace std::string_literals;
using namespace std::chrono_literals;

namespace {

/// Runs `body` in a child, whose exit status it is: what changes the process must not change the
/// tests.
int in_child(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::chrono::milliseconds time_of(const std::function<void()>& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               start);
}

}  // namespace

TEST_CASE("harden closes the process (rules 1, 31, 34)", "[sys]") {
  REQUIRE(in_child([] {
            if (!sys::harden()) return 1;
            if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return 2;
            rlimit core{};
            if (::getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0) return 3;
            if (::umask(0) != 077) return 4;
            return ::raise(SIGPIPE) == 0 && ::raise(SIGXFSZ) == 0 ? 0 : 5;
          }) == 0);
}

TEST_CASE("harden fills standard descriptors that are closed, stdin so that it cannot be read",
          "[sys]") {
  REQUIRE(in_child([] {
            for (const int fd : {0, 1, 2}) ::close(fd);
            if (!sys::harden()) return 1;
            char c = 0;
            if (::read(0, &c, 1) >= 0) return 2;
            return ::open("/dev/null", O_RDONLY) >= 3 ? 0 : 3;
          }) == 0);
}

TEST_CASE("root becomes the owner of the site, and stays him (rule 2)", "[sys]") {
  if (::geteuid() != 0) {
    WARN("SKIP: needs root");
    return;
  }
  testing::TempDir where;
  REQUIRE(sys::become_owner_of(where.path().string()));  // root's own: nothing happens
  REQUIRE(sys::current_uid() == 0);
  REQUIRE(sys::become_owner_of(where / "none").error().code() == Errc::not_found);
  REQUIRE(::chown(where.path().c_str(), 65534, 65534) == 0);
  REQUIRE(in_child([&] {
            if (!sys::become_owner_of(where.path().string())) return 1;
            if (sys::current_uid() != 65534 || ::getegid() != 65534 || ::getuid() != 65534)
              return 2;
            if (::seteuid(0) == 0 || ::setgid(0) == 0) return 3;
            if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return 4;
            gid_t groups[64];
            const int count = ::getgroups(64, groups);
            for (int i = 0; i < count; ++i)
              if (groups[i] == 0) return 5;
            return sys::become_owner_of("/").has_value() && sys::current_uid() == 65534 ? 0 : 6;
          }) == 0);
  REQUIRE(::chown(where.path().c_str(), 4242424, 4242424) == 0);  // no account has this number
  REQUIRE(in_child([&] {
            return sys::become_owner_of(where.path().string()) && ::getegid() == 4242424 ? 0 : 1;
          }) == 0);
}

TEST_CASE("users have names, or at least numbers", "[sys]") {
  REQUIRE(sys::user_name(0) == "root");
  REQUIRE(sys::user_name(4242424) == "4242424");
}

TEST_CASE("run feeds a program, hears its stderr and tells its end", "[sys]") {
  testing::TempDir where;
  const std::string input = std::string(300000, 'i') + "\0end"s;
  const auto copied = sys::run(
      {"/bin/sh", "-c", "cat > \"$1\"; echo heard >&2; exit 3", "sh", where / "copy"},
      {std::string_view(input).substr(0, 100), "", std::string_view(input).substr(100)}, 10s);
  REQUIRE(copied);
  REQUIRE(copied->status == 3);
  REQUIRE(copied->err == "heard\n");
  REQUIRE(testing::slurp(where / "copy") == input);
  REQUIRE(sys::run({"/bin/sh", "-c", "kill -TERM $$"}, {}, 10s)->status == 128 + SIGTERM);
  REQUIRE(sys::run({"/bin/true"}, {input}, 10s)->status ==
          0);  // does not read: no SIGPIPE, no wait
  REQUIRE(sys::run({"/bin/sh", "-c", "head -c 100000 /dev/zero >&2"}, {}, 10s)->err.size() == 4096);
}

TEST_CASE("run knows no shell and no PATH", "[sys]") {
  testing::TempDir where;
  REQUIRE(sys::run({"/bin/echo", "; touch " + (where / "x"), "$(touch " + (where / "y") + ")"}, {},
                   10s));
  REQUIRE(std::filesystem::is_empty(where.path()));
  REQUIRE(sys::run({"true"}, {}, 10s).error().code() == Errc::config);
  REQUIRE_FALSE(sys::run({}, {}, 10s));
  REQUIRE(sys::run({where / "none"}, {}, 10s).error().code() == Errc::not_found);
}

TEST_CASE("a child gets descriptors 0 to 2 and no signal setting of ours", "[sys]") {
  const int leaked = ::open("/dev/null", O_RDONLY);  // not close-on-exec
  const auto listed = sys::run({"/bin/sh", "-c", "ls /proc/self/fd >&2"}, {}, 10s);
  ::close(leaked);
  REQUIRE(listed->err == "0\n1\n2\n3\n");  // 3 is ls's own, on /proc/self/fd
  REQUIRE(in_child([] {
            static_cast<void>(sys::harden());
            return sys::run({"/bin/sh", "-c", "kill -PIPE $$"}, {}, 10s)->status == 128 + SIGPIPE
                       ? 0
                       : 1;
          }) == 0);
}

TEST_CASE("run ends a program that takes too long, with its children", "[sys]") {
  int status = 0;
  const auto took = time_of([&] {
    status = sys::run({"/bin/sh", "-c", "sleep 30; true"}, {}, 1s)->status;
  });
  REQUIRE(status == 128 + SIGKILL);
  REQUIRE(took < 5s);
  // A daemon that keeps stderr open does not keep us.
  const auto left = time_of([] {
    REQUIRE(sys::run({"/bin/sh", "-c", "sleep 3 & exit 0"}, {}, 10s)->status == 0);
  });
  REQUIRE(left < 2s);
}

TEST_CASE("signals set flags and end a wait", "[sys]") {
  REQUIRE(in_child([] {
            sys::watch_signals();
            if (sys::stop_requested() || sys::take_reload_request()) return 1;
            ::raise(SIGHUP);
            if (!sys::take_reload_request() || sys::take_reload_request()) return 2;
            sys::DirectoryWatch watch({});
            const pid_t self = ::getpid();
            std::thread later([self] {
              std::this_thread::sleep_for(100ms);
              ::kill(self, SIGTERM);
            });
            const auto took = time_of([&] { watch.wait(20s); });
            later.join();
            if (took > 5s || !sys::stop_requested()) return 3;
            return time_of([&] { watch.wait(20s); }) < 5s ? 0 : 4;  // asked before the wait
          }) == 0);
}

TEST_CASE("a watch wakes for a file moved or written into the directory", "[sys]") {
  testing::TempDir where;
  const auto fs = *sys::open_root(where.path().string());
  sys::DirectoryWatch watch({where.path().string(), where / "none"});
  REQUIRE(time_of([&] { watch.wait(300ms); }) >= 290ms);
  REQUIRE(fs->write_new("T.x", "x"));
  REQUIRE(time_of([&] { watch.wait(10s); }) < 5s);
  REQUIRE(time_of([&] { watch.wait(300ms); }) >= 290ms);  // once
  REQUIRE(fs->rename_new("T.x", "x"));
  REQUIRE(time_of([&] { watch.wait(10s); }) < 5s);
}

TEST_CASE("the service manager is told when there is one", "[sys]") {
  testing::TempDir where;
  for (const std::string& name : {where / "notify", "@paraph-test-" + std::to_string(::getpid())}) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const int server = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(server, reinterpret_cast<const sockaddr*>(&address), length) == 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    sys::notify_service_manager("READY=1");
    ::unsetenv("NOTIFY_SOCKET");
    sys::notify_service_manager("STOPPING=1");
    char heard[64];
    REQUIRE(::recv(server, heard, sizeof heard, 0) == 7);
    REQUIRE(std::string(heard, 7) == "READY=1");
    REQUIRE(::recv(server, heard, sizeof heard, 0) == -1);
    ::close(server);
  }
}

TEST_CASE("the kernel's octets come in any number and differ", "[sys]") {
  sys::KernelRandom random;
  REQUIRE(random.octets(0).empty());
  REQUIRE(random.octets(100000).size() == 100000);
  REQUIRE(random.octets(16) != random.octets(16));
}
