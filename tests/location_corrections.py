"""Where published lists of locations differ from what is right today, for comparisons."""

from __future__ import annotations

# Where the published data set has an error, an old name or an old spelling: slug and column,
# what is published, what is right today. Each line was looked at by a person.
CORRECTIONS = {
    # Provinces have chosen names since; five are published without the word.
    ("koshi-province", "name_ne"): ("प्रदेश न. १", "कोशी प्रदेश"),
    ("madhesh-province", "name_ne"): ("प्रदेश न. २", "मधेश प्रदेश"),
    ("bagmati", "name_en"): ("Bagmati", "Bagmati Province"),
    ("bagmati", "name_ne"): ("बाग्मती", "बागमती प्रदेश"),
    ("gandaki", "name_en"): ("Gandaki", "Gandaki Province"),
    ("gandaki", "name_ne"): ("गण्डकी", "गण्डकी प्रदेश"),
    ("lumbini", "name_en"): ("Lumbini", "Lumbini Province"),
    ("lumbini", "name_ne"): ("लुम्बिनी", "लुम्बिनी प्रदेश"),
    ("karnali", "name_en"): ("Karnali", "Karnali Province"),
    ("karnali", "name_ne"): ("कर्णाली", "कर्णाली प्रदेश"),
    ("sudur-paschimanchal", "name_en"): ("Sudur Paschimanchal", "Sudurpashchim Province"),
    ("sudur-paschimanchal", "name_ne"): ("सुदुर पश्चिमाञ्चल", "सुदूरपश्चिम प्रदेश"),
    # The halves of divided districts.
    ("nawalpur", "name_en"): ("Nawalpur", "Nawalparasi East"),
    ("nawalpur", "name_ne"): ("नवलपुर", "नवलपरासी (बर्दघाट सुस्ता पूर्व)"),
    ("parasi", "name_en"): ("Parasi", "Nawalparasi West"),
    ("parasi", "name_ne"): ("परासी", "नवलपरासी (बर्दघाट सुस्ता पश्चिम)"),
    ("eastern-rukum", "name_en"): ("Eastern Rukum", "Rukum East"),
    ("eastern-rukum", "name_ne"): ("पूर्वी रूकुम", "रुकुम पूर्व"),
    ("western-rukum", "name_en"): ("Western Rukum", "Rukum West"),
    # The official English spelling.
    ("acham", "name_en"): ("Acham", "Achham"),
    ("pachthar", "name_en"): ("Pachthar", "Panchthar"),
    ("parwat", "name_en"): ("Parwat", "Parbat"),
    ("ramechap", "name_en"): ("Ramechap", "Ramechhap"),
    ("banke", "headquarters_en"): ("Nepalganj", "Nepalgunj"),
    ("dhanusha", "headquarters_en"): ("Janakpur", "Janakpurdham"),
    ("madhesh-province", "headquarters_en"): ("Janakpur", "Janakpurdham"),
    ("parwat", "headquarters_en"): ("Kusma", "Kushma"),
    # The headquarters is a town of another name than the district.
    ("jhapa", "headquarters_ne"): ("झापा", "भद्रपुर"),
    ("khotang", "headquarters_ne"): ("खोटांग", "दिक्तेल"),
    ("morang", "headquarters_ne"): ("मोरंग", "विराटनगर"),
    # The official Nepali spelling of districts.
    ("dhading", "name_ne"): ("धादिंङ्ग", "धादिङ"),
    ("kathmandu", "name_ne"): ("काठमाडौँ", "काठमाडौं"),
    ("kavrepalanchok", "name_ne"): ("काभ्रेपलान्चोक", "काभ्रेपलाञ्चोक"),
    ("khotang", "name_ne"): ("खोटाँग", "खोटाङ"),
    ("morang", "name_ne"): ("मोरंग", "मोरङ"),
    ("pachthar", "name_ne"): ("पांचथर", "पाँचथर"),
    ("pyuthan", "name_ne"): ("प्युठान", "प्यूठान"),
    ("solukhumbu", "name_ne"): ("सोलुखुम्बू", "सोलुखुम्बु"),
    ("syangja", "name_ne"): ("स्याङग्जा", "स्याङ्जा"),
    ("taplejung", "name_ne"): ("ताप्लेजुंग", "ताप्लेजुङ"),
    # ... of headquarters
    ("baglung", "headquarters_ne"): ("बाग्लुंग", "बागलुङ"),
    ("bajhang", "headquarters_ne"): ("जयप्रिथिवी", "जयपृथ्वी"),
    ("bajura", "headquarters_ne"): ("बडिमालिका", "बडीमालिका"),
    ("banke", "headquarters_ne"): ("नेपालगंज", "नेपालगञ्ज"),
    ("dhading", "headquarters_ne"): ("निलकण्ठ", "नीलकण्ठ"),
    ("dhanusha", "headquarters_ne"): ("जनकपुर", "जनकपुरधाम"),
    ("gorkha", "headquarters_ne"): ("गोर्खा", "गोरखा"),
    ("ilam", "headquarters_ne"): ("ईलाम", "इलाम"),
    ("karnali", "headquarters_ne"): ("बिरेन्द्रनगर", "वीरेन्द्रनगर"),
    ("kathmandu", "headquarters_ne"): ("काठमाडौँ", "काठमाडौं"),
    ("koshi-province", "headquarters_ne"): ("बिराटनगर", "विराटनगर"),
    ("lamjung", "headquarters_ne"): ("बेशीसहर", "बेसीशहर"),
    ("madhesh-province", "headquarters_ne"): ("जनकपुर", "जनकपुरधाम"),
    ("nuwakot", "headquarters_ne"): ("बिदुर", "विदुर"),
    ("parsa", "headquarters_ne"): ("विरगंज", "वीरगञ्ज"),
    ("parwat", "headquarters_ne"): ("कुस्मा", "कुश्मा"),
    ("pyuthan", "headquarters_ne"): ("प्युठान", "प्यूठान"),
    ("rolpa", "headquarters_ne"): ("लिवाङ्ग", "लिवाङ"),
    ("siraha", "headquarters_ne"): ("सिरहा", "सिराहा"),
    ("surkhet", "headquarters_ne"): ("बिरेन्द्रनगर", "वीरेन्द्रनगर"),
    ("taplejung", "headquarters_ne"): ("ताप्लेजुंग", "ताप्लेजुङ"),
    ("terhathum", "headquarters_ne"): ("म्यांगलुङ्ग", "म्याङलुङ"),
    # ... and of cities.
    ("birgunj-metropolitan-city", "name_ne"): ("बिरगंज महानगरपालिका", "वीरगञ्ज महानगरपालिका"),
    ("itahari-sub-metropolitan-city", "name_ne"): ("ईटहरी उपमहानगरपालिका", "इटहरी उपमहानगरपालिका"),
    ("kathmandu-metropolitan-city", "name_ne"): (
        "काठमाण्डौं महानगरपालिका",
        "काठमाडौं महानगरपालिका",
    ),
    ("nepalgunj-sub-metropolitan-city", "name_ne"): (
        "नेपालगंज उपमहानगरपालिका",
        "नेपालगञ्ज उपमहानगरपालिका",
    ),
}

# The Election Commission's spelling of a district, and ours, where they differ.
COMMISSION_SPELLINGS = {
    "अर्घाखांची": "अर्घाखाँची",
    "कन्चनपुर": "कञ्चनपुर",
    "खोटाङ्ग": "खोटाङ",
    "ताप्लेजुंग": "ताप्लेजुङ",
    "तेर्हथुम": "तेह्रथुम",
    "धादिङ्ग": "धादिङ",
    "बझाङ्ग": "बझाङ",
    "मनाङ्ग": "मनाङ",
    "मुस्तांग": "मुस्ताङ",
    "मोरङ्ग": "मोरङ",
    "लमजुंग": "लमजुङ",
}
