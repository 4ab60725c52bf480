# Kidney function, medicines and depletion scores by R alone, from the CDC's files (see README.md):
# Rscript tests/reference/kidney.R FOLDER, laid out as the CDC's server. Medicines are found by name.
suppressMessages({
  library(foreign)
  library(jsonlite)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
root <- commandArgs(trailingOnly = TRUE)[1]
cycles <- data.frame(year = c(2001, 2003, 2005, 2007, 2009, 2011, 2013, 2015, 2017),
                     suffix = LETTERS[2:10])
diuretics <- paste0("THIAZIDE|THALIDONE|FUROSEMIDE|TORSEMIDE|BUMETANIDE|ETHACRYN|INDAPAMIDE|",
                    "METOLAZONE|SPIRONOLACTONE|TRIAMTERENE|AMILORIDE|EPLERENONE|ACETAZOLAMIDE|",
                    "METHAZOLAMIDE|DICHLORPHENAMIDE|DIURETIC")
inhibitors <- "OMEPRAZOLE|LANSOPRAZOLE|PANTOPRAZOLE|RABEPRAZOLE"

table_of <- function(year, stem, suffix, columns) {
  name <- paste0(stem, "_", suffix, ".xpt")
  path <- file.path(root, "Nchs/Data/Nhanes/Public", year, "DataFiles", name)
  setNames(read.xport(path)[, columns], names(columns))
}
join <- function(x, y) merge(x, y, by = "SEQN", all.x = TRUE)

medicines <- function(year, suffix) {
  early <- year == 2001
  rows <- table_of(year, "RXQ_RX", suffix, c(SEQN = "SEQN", use = if (early) "RXD030" else "RXDUSE",
                                             name = if (early) "RXD240B" else "RXDDRUG"))
  name <- trimws(as.character(rows$name))
  named <- !is.na(name) & !name %in% c("", "55555", "77777", "99999")
  anyone <- function(rows_of) tapply(rows_of, rows$SEQN, any)
  known <- anyone(named) | anyone(rows$use %in% 2)
  of <- function(pattern) ifelse(anyone(named & grepl(pattern, name)), 1, ifelse(known, 0, NA))
  data.frame(SEQN = as.numeric(names(known)), diuretic = of(diuretics), inhibitor = of(inhibitors))
}

drinking <- function(year, suffix) {
  rows <- table_of(year, "ALQ", suffix, c(SEQN = "SEQN", life = "ALQ110", times = "ALQ120Q",
                                          unit = "ALQ120U", drinks = "ALQ130"))
  rows$times[rows$times %in% c(777, 999)] <- NA
  rows$drinks[rows$drinks %in% c(777, 999)] <- NA
  a_day <- rows$times * c(1 / 7, 12 / 365.25, 1 / 365.25)[rows$unit] * rows$drinks
  a_day[rows$times %in% 0 | rows$life %in% 2] <- 0
  data.frame(SEQN = rows$SEQN, a_day = a_day)
}

people <- function(year, suffix) {
  old <- year < 2005
  d <- table_of(year, "DEMO", suffix, c(SEQN = "SEQN", sex = "RIAGENDR", age = "RIDAGEYR",
                                        race = "RIDRETH1", weight = "WTMEC2YR"))
  creatinine <- if (year == 2001) "LBDSCR" else "LBXSCR"
  d <- join(d, table_of(year, if (old) "L40" else "BIOPRO", suffix,
                        c(SEQN = "SEQN", creatinine = creatinine)))
  if (year == 2005) d$creatinine <- -0.016 + 0.978 * d$creatinine
  u <- table_of(year, if (old) "L16" else "ALB_CR", suffix,
                c(SEQN = "SEQN", albumin = "URXUMA", urine = "URXUCR"))
  root_of <- sqrt(u$urine)
  if (year < 2007) {
    u$urine <- ifelse(u$urine < 75, (1.02 * root_of - 0.36)^2,
                      ifelse(u$urine < 250, (1.05 * root_of - 0.74)^2, (1.01 * root_of - 0.10)^2))
  }
  u$ratio <- round(u$albumin / u$urine * 100, 2)
  d <- join(join(d, u[, c("SEQN", "ratio")]), medicines(year, suffix))
  woman <- d$sex == 2
  s <- d$creatinine / ifelse(woman, 0.7, 0.9)
  d$egfr <- 142 * pmin(s, 1)^ifelse(woman, -0.241, -0.302) * pmax(s, 1)^-1.2 *
    0.9938^d$age * ifelse(woman, 1.012, 1)
  d$egfr_2009 <- 141 * pmin(s, 1)^ifelse(woman, -0.329, -0.411) * pmax(s, 1)^-1.209 *
    0.993^d$age * ifelse(woman, 1.018, 1) * ifelse(d$race == 4, 1.159, 1)
  d
}

disease <- function(rate, ratio) ifelse(is.na(rate + ratio), NA, rate < 60 | ratio >= 30)

adults <- function(year, suffix) {
  d <- subset(people(year, suffix), age >= 20)
  mean_of <- function(x) weighted.mean(x[!is.na(x)], d$weight[!is.na(x)])
  list(creatinine = mean_of(d$creatinine), egfr = mean_of(d$egfr),
       egfr_2009_below_60 = mean_of(d$egfr_2009 < 60),
       chronic_kidney_disease = mean_of(disease(d$egfr, d$ratio)),
       by_egfr_2009 = mean_of(disease(d$egfr_2009, d$ratio)),
       diuretic = mean_of(d$diuretic), proton_pump_inhibitor = mean_of(d$inhibitor))
}

scores <- function(year, suffix) {
  d <- subset(join(people(year, suffix), drinking(year, suffix)), age >= 40)
  d$diuretic + d$inhibitor + ifelse(d$egfr < 60, 2, ifelse(d$egfr < 90, 1, 0)) +
    (d$a_day > ifelse(d$sex == 2, 1, 2))
}

counted <- table(c(scores(2005, "D"), scores(2007, "E")))
answers <- list(
  versions = list(R = R.version.string, foreign = as.character(packageVersion("foreign"))),
  adults = setNames(Map(adults, cycles$year, cycles$suffix),
                    paste(cycles$year, cycles$year + 1, sep = "-")),
  depletion_scores = setNames(as.list(as.integer(counted)), paste0("score_", names(counted)))
)
write_json17(answers, file.path(here, "kidney.json"))
