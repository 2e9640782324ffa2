"""The tests mirror the source; acceptance/ holds the cases, faults/ and benchmarks/ the rest."""
