"""Where maps come from: textbooks, files, MovingAI's benchmarks, images, random numbers; large ones in slices."""
