// hostile_corpus FOLDER: writes the hostile files there and prints them as JSON, for tests that are not in C++.

#include <cstdio>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>

#include "hostile_corpus.h"

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: hostile_corpus FOLDER\n", stderr);
    return 2;
  }
  try {
    const tubelet::video::test::HostileCorpus corpus(arguments[1]);
    nlohmann::json files = nlohmann::json::array();
    for (const auto& file : corpus.files()) {
      files.push_back({{"name", file.name}, {"path", file.path}, {"codes", file.codes}});
    }
    std::cout << files.dump() << '\n';
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hostile_corpus: %s\n", error.what());
    return 1;
  }
}
