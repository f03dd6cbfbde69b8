"""Programs that a learner can read and run."""
