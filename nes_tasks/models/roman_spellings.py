"""How common Nepali names are spelt in Roman letters where the rules give something else.

Surnames, given names, places and abbreviations, each as the Election Commission, the parliament or
the person usually writes it. The rules are those of `romanization`.
"""

from __future__ import annotations

SPELLINGS: dict[str, str] = {
    # Surnames
    "श्रेष्ठ": "shrestha", "क्षेत्री": "chhetri", "न्यौपाने": "neupane", "पाण्डे": "pandey",
    "चौधरी": "chaudhary", "काफ्ले": "kafle", "सिंह": "singh", "देउवा": "deuba",
    "सुवेदी": "subedi", "वाग्ले": "wagle", "वस्ती": "wasti", "विष्ट": "bista", "बिष्ट": "bista",
    "भट्ट": "bhatta", "बडुवाल": "baduwal", "दीक्षित": "dixit", "दिक्षित": "dixit", "केसी": "kc",
    "जिसी": "gc", "जीसी": "gc", "विक": "bk", "बिक": "bk", "महासेठ": "mahaseth",
    "ठाकुर": "thakur", "ऐरी": "airee", "अवस्थी": "awasthi", "भण्डारी": "bhandari",
    "राजभण्डारी": "rajbhandari", "नेम्वाङ": "nembang", "शेर्पा": "sherpa", "गिरी": "giri",
    "खाँण": "khand", "ठकुरी": "thakuri", "बस्न्यात": "basnyat", "वस्न्यात": "basnyat",
    "वस्नेत": "basnet", "यावद": "yadav", "लुइँटेल": "luitel", "तिमल्सिना": "timilsina",
    "कर्ण": "karna", "मिश्र": "mishra", "पौड्याल": "paudyal", "पौडयाल": "paudyal",
    "पोख्रेल": "pokhrel", "पोखरेल": "pokharel", "भुसाल": "bhusal", "वली": "wali", "ओली": "oli",
    "वाइबा": "waiba", "खत्री": "khatri", "खवास": "khawas", "सुनुवार": "sunuwar",
    "विश्वकर्मा": "bishwakarma", "राजवंशी": "rajbanshi", "सापकोटा": "sapkota",
    "देवकोटा": "devkota", "बास्कोटा": "baskota", "बासकोटा": "baskota", "सिटौला": "sitaula",
    "रायमाझी": "rayamajhi", "खतिवडा": "khatiwada", "वैद्य": "baidya", "मानन्धर": "manandhar",
    "महर्जन": "maharjan", "प्रसाईं": "prasai", "प्रसाई": "prasai", "पन्त": "panta",
    "चन्द": "chand", "लिङ्गदेन": "lingden", "लिङ्देन": "lingden", "तुलसी": "tulsi",
    "पृथ्वी": "prithvi",
    # Given names
    "केपी": "kp", "रवि": "rabi", "गीता": "gita", "लक्ष्मी": "laxmi", "लक्ष्मण": "laxman",
    "प्रदीप": "pradeep", "दीपक": "deepak", "सन्दीप": "sandeep", "मोहम्मद": "mohammad",
    "विजय": "bijay", "नवराज": "nawaraj", "युवराज": "yubaraj", "युबराज": "yubaraj",
    "केशव": "keshav", "माधव": "madhav", "राघव": "raghav", "कमला": "kamala", "विमला": "bimala",
    "शिव": "shiva", "कृष्ण": "krishna", "विष्णु": "bishnu", "ईश्वर": "ishwor",
    "ईश्वरी": "ishwori", "खडग": "khadga", "भुवन": "bhuwan", "ध्रुव": "dhruba",
    "ध्रुवचन्द्र": "dhrubachandra", "सुवास": "subas", "सुवर्ण": "subarna",
    "वीरेन्द्र": "birendra", "शमशेर": "shamsher", "राजेश्वर": "rajeshwar", "रञ्जिता": "ranjita",
    "जंग": "jung", "जङ्ग": "jung", "बाबु": "babu", "नन्द": "nanda", "आनन्द": "ananda",
    "राधा": "radha", "तेन्जिङ": "tenzing", "रिजवान": "rizwan", "सहाय": "sahaya",
    "गोविन्द": "govinda", "अरविन्द": "arbinda", "जनार्दन": "janardan", "देवी": "devi",
    "सावित्री": "sabitri", "सावित्रा": "sabitra", "नविन": "nabin", "नवीन": "nabin",
    "जीवन": "jiwan", "दिवाकर": "diwakar", "राम": "ram", "सरस्वती": "saraswati",
    "त्रिभुवन": "tribhuvan", "अब्दुल": "abdul", "छवि": "chhabi", "कवि": "kabi",
    "रविन्द्र": "rabindra", "रवीन्द्र": "rabindra", "गोवर्धन": "gobardhan",
    "सर्वेन्द्र": "sarbendra", "सोविता": "sobita", "द्रोण": "drona", "वहादुर": "bahadur",
    # Places and institutions
    "काठमाडौं": "kathmandu", "काठमाडौँ": "kathmandu", "काठमाण्डौ": "kathmandu",
    "काठमांडौ": "kathmandu", "काभ्रेपलाञ्चोक": "kavrepalanchok",
    "काभ्रेपलान्चोक": "kavrepalanchok", "काभ्रे": "kavre", "बागमती": "bagmati",
    "वाग्मती": "bagmati", "कर्णाली": "karnali", "राष्ट्रिय": "rastriya", "काँग्रेस": "congress",
    "कांग्रेस": "congress", "पार्टी": "party", "वडा": "wada", "बजार": "bazar",
    "गोरखा": "gorkha", "उदयपुर": "udayapur",
}  # fmt: skip
"""The usual spelling of a word, in lower case."""

SECOND_PARTS: tuple[str, ...] = (
    "नारायण", "बहादुर", "प्रसाद", "प्रकाश", "विक्रम", "पोखरी", "नगर", "कुमार", "मोहन", "शेखर",
    "कृष्ण", "किशोर", "चन्द्र", "शंकर", "चरण", "गञ्ज", "गंज", "बजार", "गढी", "खोला", "कोशी",
    "कोसी", "गंगा", "गङ्गा", "देवी", "नाथ", "राज", "मान", "भक्त", "कान्त", "सिंह", "लाल", "शरण",
    "मणि", "पुर", "धारा", "वीर", "बाबु", "भद्र", "जंग", "माई", "थान", "कोट", "गाउँ", "वारी",
    "बारी", "बास", "वास", "टार", "डाँडा", "झोडा", "घाट", "गाछी", "चोक", "सागर", "राम", "देव",
    "पाल", "सेन", "मती",
)  # fmt: skip
"""What names of two words end in, longer ones first."""

LETTER_NAMES: dict[str, str] = {
    "ए": "a", "बी": "b", "बि": "b", "वि": "b", "वी": "b", "सी": "c", "सि": "c", "डी": "d",
    "डि": "d", "ई": "e", "इ": "e", "एफ": "f", "जी": "g", "जि": "g", "एच": "h", "आई": "i",
    "आइ": "i", "जे": "j", "के": "k", "क": "k", "एल": "l", "एम": "m", "एन": "n", "ओ": "o",
    "पी": "p", "पि": "p", "क्यू": "q", "आर": "r", "एस": "s", "टी": "t", "टि": "t", "यू": "u",
    "यु": "u", "भी": "v", "भि": "v", "डब्लु": "w", "एक्स": "x", "वाई": "y", "वाइ": "y",
    "जेड": "z",
}  # fmt: skip
"""The names of the Roman letters, as abbreviations are written: के.सी. is K.C."""
