#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <string>

/// python3's email package as a second reader of what we wrote.
namespace paraph::test {

/// Runs `script` with the message `m` (email.policy.default) parsed from `message`; what it prints.
inline std::string python_reads(const std::string& message, const std::string& script) {
  std::array<char, 32> name{"/tmp/paraph-compose-XXXXXX"};
  const int fd = ::mkstemp(name.data());
  if (fd < 0) return "no temporary file";
  ::close(fd);
  const std::string mail = name.data();
  std::ofstream(mail, std::ios::binary) << message;
  std::ofstream(mail + ".py") << "import email, email.policy, sys\n"
                              << "m = email.message_from_binary_file(open(sys.argv[1], 'rb'), "
                                 "policy=email.policy.default)\n"
                              << "out = lambda *a: sys.stdout.buffer.write((' '.join(map(str, a)) "
                                 "+ '\\n').encode('utf-8', 'replace'))\n"
                              << script;
  std::string output;
  if (FILE* pipe = ::popen(("python3 " + mail + ".py " + mail + " 2>&1").c_str(), "r")) {
    std::array<char, 4096> buffer{};
    for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
      output.append(buffer.data(), got);
    if (::pclose(pipe) != 0) output += "python3 failed";
  }
  ::unlink(mail.c_str());
  ::unlink((mail + ".py").c_str());
  return output;
}

}  // namespace paraph::test
