"""Problems: failures that are alike, counted as one, and what people say of them."""
