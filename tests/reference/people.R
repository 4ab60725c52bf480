# The participants of deng_2013, for the scripts that answer for that study and source this:
# `people` is the CSV that they are given, which `python -m analysis cohort deng_2013 --write` writes.
people <- read.csv(commandArgs(trailingOnly = TRUE)[1], stringsAsFactors = FALSE)
people$in_cohort <- people$in_cohort == "True"

# Categories in the order of the program, whose first is the reference.
levels_of <- list(
  sex = c("Male", "Female"),
  race_ethnicity = c("Non-Hispanic White", "Non-Hispanic Black", "Mexican American",
                     "Other Hispanic", "Other, including multi-racial"),
  education = c("Less than 9th grade", "9th to 11th grade", "High school or equivalent",
                "Some college or associate degree", "College graduate or above"),
  season = c("May to October", "November to April"),
  smoking = c("Never", "Former", "Current"),
  alcohol = c("Never", "Former", "Light", "Moderate", "Heavy"),
  physical_activity = c("None", "Below 500 MET-min/week", "500 to below 1,000 MET-min/week",
                        "1,000 MET-min/week or more"))
for (name in names(levels_of)) people[[name]] <- factor(people[[name]], levels_of[[name]])

survey_of <- function(data = people, weights = ~weight) {
  svydesign(~psu, strata = ~stratum, weights = weights, nest = TRUE, data = data)
}
quantiles <- function(design, shares, name) {
  of <- as.formula(paste("~", name))
  unname(svyquantile(of, design, shares, qrule = "math", ci = TRUE, na.rm = TRUE)[[1]][, 1])
}
