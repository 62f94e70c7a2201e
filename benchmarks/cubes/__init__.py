"""Parts of the benchmark `cube_writes`: pixels, ways to write them into a cube, and the codec's limit."""
