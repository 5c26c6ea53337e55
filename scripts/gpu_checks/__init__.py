"""The parts of scripts/gpu_check. Plain Python 3.9, standard library alone: they run where nothing else is."""
