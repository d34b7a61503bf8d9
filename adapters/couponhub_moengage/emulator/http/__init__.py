"""The API as it is spoken: paths, sign-in, limits, bodies, answers, refusals."""
