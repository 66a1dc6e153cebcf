#!/usr/bin/env node
// The program. It is not compiled, so that it keeps its execute bit whoever compiles the rest.
import '../dist/cli/main.js';
