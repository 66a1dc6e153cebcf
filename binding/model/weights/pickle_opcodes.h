#pragma once

#include <cstdint>
#include <string>

namespace tubelet::model {

/// The opcodes of Python's pickle protocol 2 that torch.save writes for a state_dict. Names and codes are those of
/// Python's pickletools.
enum class Opcode : std::uint8_t {
  Mark = '(',
  EmptyTuple = ')',
  Stop = '.',
  BinInt = 'J',
  BinInt1 = 'K',
  BinInt2 = 'M',
  None = 'N',
  BinPersId = 'Q',
  Reduce = 'R',
  BinUnicode = 'X',
  EmptyList = ']',
  Append = 'a',
  Build = 'b',
  Global = 'c',
  Appends = 'e',
  BinGet = 'h',
  LongBinGet = 'j',
  BinPut = 'q',
  LongBinPut = 'r',
  SetItem = 's',
  Tuple = 't',
  SetItems = 'u',
  EmptyDict = '}',
  Proto = 0x80,
  Tuple1 = 0x85,
  Tuple2 = 0x86,
  Tuple3 = 0x87,
  NewTrue = 0x88,
  NewFalse = 0x89,
  Long1 = 0x8a,
};

/// "STACK_GLOBAL (0x93)" for any of Python's opcodes, those above or not; "0xff" for a byte that is none.
std::string opcodeText(std::uint8_t code);

}  // namespace tubelet::model
